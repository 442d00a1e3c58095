// What a person filled in about a new source, and what is made of it. Pure.

import type { DataAddSource } from "../../protocol/contracts";
import { isServer, PORTS, type Kind } from "./sources";

export interface Form {
  readonly kind: Kind;
  readonly name: string;
  /** One path in each line. */
  readonly paths: string;
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly schemas: string;
  readonly user: string;
  readonly password: string;
  readonly tls: "" | "verify" | "require" | "off";
  readonly authority: string;
  /** `user@host` or `user@host:port`: a machine by way of which the server is reached. */
  readonly ssh: string;
}

export const blank = (kind: Kind): Form => ({ kind, name: "", paths: "", host: "", port: "", database: "", schemas: "", user: "", password: "", tls: "", authority: "", ssh: "" });

/** Paths of a text: one in each line, quotes and blanks around them taken off. */
export const pathsOf = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.trim().replace(/^(["'])(.*)\1$/, "$2"))
    .filter((line) => line !== "");

/** The paths that something dropped tells of; none where it tells of no place (as in browsers). */
export const dropped = (list: string): readonly string[] =>
  list
    .split(/\r?\n/)
    .filter((line) => line.startsWith("file://"))
    .map((line) => {
      try {
        return decodeURIComponent(new URL(line).pathname);
      } catch {
        return "";
      }
    })
    .filter((path) => path !== "");

const NAME = /[^\p{L}\p{N} ._-]+/gu;

/** A name for a source where none was typed: of its file, folder, database or host. */
export function suggested({ kind, paths, host, database }: Form): string {
  const of = isServer(kind) ? database || host : (pathsOf(paths)[0] ?? "").replace(/\/+$/, "").split("/").at(-1) ?? "";
  const plain = of.replace(/[*?[\]{}]/g, "").replace(/\.[A-Za-z0-9]{1,8}$/, "").replace(NAME, " ").replace(/^[^\p{L}\p{N}]+/u, "");
  return plain.trim().slice(0, 60);
}

export type Missing = "paths" | "absolute" | "host" | "port" | "name";

/** What is not right yet; null: it can be tried. */
export function missing(form: Form): Missing | null {
  const paths = pathsOf(form.paths);
  if (isServer(form.kind)) {
    if (form.host.trim() === "" && paths.length === 0) return "host";
    const port = form.port === "" ? 1 : Number(form.port);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) return "port";
  } else if (paths.length === 0) return "paths";
  if (paths.some((path) => !path.startsWith("/"))) return "absolute";
  return (form.name || suggested(form)).trim() === "" ? "name" : null;
}

/** The command that adds it. */
export function orderOf(form: Form): DataAddSource {
  const { kind, host, database, user, tls, authority, ssh, password } = form;
  const name = (form.name || suggested(form)).trim();
  const paths = pathsOf(form.paths);
  if (!isServer(kind)) return { name, config: { kind, paths } };
  const schemas = form.schemas.split(/[\s,]+/).filter((each) => each !== "");
  const port = form.port === "" ? (PORTS[kind] ?? 0) : Number(form.port);
  return { name, password, config: { kind, paths, host: host.trim(), port: host.trim() === "" ? 0 : port, database: database.trim(), schemas, user: user.trim(), tls, authority: authority.trim(), ssh: ssh.trim() } };
}
