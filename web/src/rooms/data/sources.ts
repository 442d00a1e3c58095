// The sources as all pages of the room use them: which is chosen, what kinds there are, what a server needs.

import { useAsk } from "../../frame/house";
import { useRemembered } from "../../frame/remembered";
import type { DataSource, DataSourceConfig } from "../../protocol/contracts";
import { removing } from "./removal";
import { useStore } from "../../frame/store";

export type Kind = DataSourceConfig["kind"];
export type Dialect = DataSource["dialect"];

export const FILES: readonly Kind[] = ["files", "sqlite", "duckdb"];
export const SERVERS: readonly Kind[] = ["postgres", "mysql", "mongo", "trino", "neo4j", "qdrant"];
export const PORTS: Readonly<Partial<Record<Kind, number>>> = { postgres: 5432, mysql: 3306, mongo: 27017, trino: 8080, neo4j: 7687, qdrant: 6333 };

/** What can be reached by way of another machine. */
export const BY_SSH: ReadonlySet<Kind> = new Set(["postgres", "mysql", "mongo"]);

export const isServer = (kind: Kind): boolean => SERVERS.includes(kind);

/** Whether a query is written as JSON there. */
export const inJson = (dialect: Dialect): boolean => dialect === "mongo" || dialect === "qdrant";

/** All of one's sources but those that are being removed. */
export function useSources() {
  const gone = useStore(removing);
  const found = useAsk("data.list", {});
  return { ...found, sources: (found.data?.sources ?? []).filter((source) => !gone.has(source.id)) };
}

/** The source that is asked: the one chosen last, while it is there and enabled; else the first that is. */
export function useChosenSource(): readonly [DataSource | undefined, (id: string) => void, readonly DataSource[]] {
  const { sources } = useSources();
  const [id, choose] = useRemembered("data.source", "");
  const usable = sources.filter((source) => source.enabled);
  return [usable.find((source) => source.id === id) ?? usable[0], choose, usable];
}

/** Where a source is, in a line: its files, or its host and database. */
export function placeOf({ kind, paths, host, port, database, ssh }: DataSourceConfig): string {
  if (!isServer(kind) || host === "") return paths.join(", ") || database;
  return `${host}:${port || (PORTS[kind] ?? "")}${database === "" ? "" : `/${database}`}${ssh === "" ? "" : ` (ssh ${ssh})`}`;
}
