// The rows of one answer as they are needed: fetched in pages around what is seen, the oldest pages let go.
//
// At most two pages are on their way at once, and what is wanted last is fetched next: however fast somebody scrolls,
// what stands still comes first. Pure but for `fetch`.

import { GarretError, type DataResultPage } from "../../protocol/contracts";

export const PAGE = 200;
const KEPT = 200; // pages: 40,000 rows
const AT_ONCE = 2;

export type Cells = readonly unknown[];
export type FetchRows = (offset: number, count: number, signal: AbortSignal) => Promise<DataResultPage>;

export class Rows {
  private readonly pages = new Map<number, readonly Cells[]>();
  private readonly coming = new Set<number>();
  private wanted: readonly number[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly ended = new AbortController();
  private version = 0;
  /** After filtering; what was told at first until a page says it. */
  total: number;
  error: GarretError | null = null;

  constructor(
    private readonly fetch: FetchRows,
    total: number,
  ) {
    this.total = total;
  }

  readonly listen = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  };

  /** Changes whenever rows came. */
  readonly state = (): number => this.version;

  at(index: number): Cells | undefined {
    return this.pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** These are seen now, from the first to the last. */
  want(first: number, last: number): void {
    const wanted: number[] = [];
    for (let page = Math.floor(Math.max(0, first) / PAGE); page <= Math.floor(Math.max(0, Math.min(last, this.total - 1)) / PAGE); page += 1) {
      const here = this.pages.get(page);
      if (here === undefined) wanted.push(page);
      else this.touch(page, here);
    }
    this.wanted = wanted;
    this.next();
  }

  /** Fetch what is seen again, after an error. */
  retry(): void {
    this.error = null;
    this.changed();
    this.next();
  }

  /** All rows of a range, in order, however many pages that takes; `most` rows at most. */
  async range(first: number, last: number, most: number): Promise<readonly Cells[]> {
    const found: Cells[] = [];
    const end = Math.min(last, this.total - 1, first + most - 1);
    for (let at = first; at <= end; ) {
      const here = this.at(at);
      if (here !== undefined) {
        found.push(here);
        at += 1;
        continue;
      }
      const page = await this.fetch(at, Math.min(1000, end - at + 1), this.ended.signal);
      if (page.cells.length === 0) break;
      found.push(...page.cells);
      at += page.cells.length;
    }
    return found;
  }

  end(): void {
    this.ended.abort();
  }

  private next(): void {
    for (const page of this.wanted) {
      if (this.error !== null || this.coming.size >= AT_ONCE) return;
      if (!this.coming.has(page) && !this.pages.has(page)) void this.bring(page);
    }
  }

  private async bring(page: number): Promise<void> {
    this.coming.add(page);
    try {
      const found = await this.fetch(page * PAGE, PAGE, this.ended.signal);
      this.total = found.rows;
      this.touch(page, found.cells);
      for (const oldest of this.pages.keys()) {
        if (this.pages.size <= KEPT) break;
        this.pages.delete(oldest);
      }
    } catch (error) {
      if (this.ended.signal.aborted) return;
      this.error = error instanceof GarretError ? error : new GarretError({ code: "failed", message: String(error), retryable: true, details: {} });
    } finally {
      this.coming.delete(page);
    }
    this.changed();
    this.next();
  }

  /** The newest of those that are kept. */
  private touch(page: number, rows: readonly Cells[]): void {
    this.pages.delete(page);
    this.pages.set(page, rows);
  }

  private changed(): void {
    this.version += 1;
    for (const hear of this.listeners) hear();
  }
}
