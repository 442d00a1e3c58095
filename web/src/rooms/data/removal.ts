// A source that is removed can be brought back for a while: it is disabled and hidden at once, and goes for good, with
// its password, when it can no longer be undone or when the page is left.

import type { House } from "../../frame/house";
import { Store } from "../../frame/store";
import type { Toasts } from "../../frame/toasts";
import type { DataSource } from "../../protocol/contracts";

/** The sources that are being removed. */
export const removing = new Store<ReadonlySet<string>>(new Set());

const mark = (id: string, gone: boolean): void => {
  const next = new Set(removing.get());
  if (gone) next.add(id);
  else next.delete(id);
  removing.set(next);
};

/** Remove a source, said with Undo. Rejects where it could not even be disabled. */
export async function remove(house: House, toasts: Toasts, source: DataSource, said: string, failed: (error: unknown) => void): Promise<void> {
  mark(source.id, true);
  try {
    if (source.enabled) await house.call("data.switch", { source: source.id, enabled: false });
  } catch (error) {
    mark(source.id, false);
    throw error;
  }
  const finish = () => {
    window.removeEventListener("pagehide", finish);
    house.call("data.remove", { source: source.id }).then(
      () => mark(source.id, false),
      (error: unknown) => (mark(source.id, false), failed(error)),
    );
  };
  window.addEventListener("pagehide", finish);
  toasts.undoable(
    said,
    async () => {
      window.removeEventListener("pagehide", finish);
      if (source.enabled) await house.call("data.switch", { source: source.id, enabled: true });
      mark(source.id, false);
    },
    { settled: finish },
  );
}
