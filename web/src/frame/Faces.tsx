// The faces of whatever is asked for: loading, error, empty, content; with the line away, content that may be old.
//
//   <Faces of={jobs} empty={<EmptyState .../>} isEmpty={(found) => found.jobs.length === 0}>
//     {(found) => <JobList jobs={found.jobs} />}
//   </Faces>

import type { UseQueryResult } from "@tanstack/react-query";
import { IconLock } from "@tabler/icons-react";
import { useContext, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { GarretError } from "../protocol/contracts";
import { EmptyState } from "./EmptyState";
import { ErrorCard } from "./ErrorCard";
import { MayContext, useGreeting } from "./house";
import { SkeletonRows } from "./Skeleton";

export interface FacesProps<T> {
  readonly of: UseQueryResult<T, GarretError>;
  readonly children: (found: T) => ReactNode;
  readonly empty?: ReactNode;
  readonly isEmpty?: (found: T) => boolean;
  /** What stands for the content while it loads. */
  readonly skeleton?: ReactNode;
}

/** See the module. What was found before stays, with the error above it, when asking again fails. */
export function Faces<T>({ of, children, empty, isEmpty, skeleton }: FacesProps<T>) {
  const { data, error } = of;
  const known = useContext(MayContext) !== null;
  if (data === undefined && known && !of.isEnabled) return <NotHere />;
  if (data === undefined)
    return error === null ? (skeleton ?? <SkeletonRows />) : <ErrorCard error={error} onRetry={() => void of.refetch()} />;
  return (
    <>
      {error !== null && error.code !== "unavailable" && <ErrorCard error={error} onRetry={() => void of.refetch()} />}
      {empty !== undefined && isEmpty?.(data) === true ? empty : children(data)}
    </>
  );
}

/** What whoever is here may not see: a browser less than the window, a guest less than a user. */
export function NotHere() {
  const { t } = useTranslation();
  const browser = useGreeting()?.role === "gateway";
  return (
    <EmptyState icon={IconLock} title={t("not_here.title")}>
      {t(browser ? "not_here.browser" : "not_here.profile")}
    </EmptyState>
  );
}
