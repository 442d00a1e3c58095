import { expect, test } from "vitest";

import { GarretError, type DataResultPage } from "../../src/protocol/contracts";
import { PAGE, Rows } from "../../src/rooms/data/rows";

/** A house with so many rows, whose answers come when the test says so. */
function house(total: number) {
  const asked: { offset: number; count: number; answer: () => void; fail: () => void }[] = [];
  const fetch = (offset: number, count: number) =>
    new Promise<DataResultPage>((resolve, reject) =>
      asked.push({
        offset,
        count,
        answer: () => resolve({ offset, rows: total, cells: Array.from({ length: Math.max(0, Math.min(count, total - offset)) }, (_, index) => [offset + index]) }),
        fail: () => reject(new GarretError({ code: "unavailable", message: "The worker is gone.", retryable: true, details: {} })),
      }),
    );
  return { asked, fetch };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("what is seen is fetched in pages, and told when it has come", async () => {
  const { asked, fetch } = house(1000);
  const rows = new Rows(fetch, 1000);
  let told = 0;
  rows.listen(() => (told += 1));
  rows.want(0, 30);
  expect([rows.at(5), asked.length, asked[0]?.count]).toEqual([undefined, 1, PAGE]);
  asked[0]?.answer();
  await settled();
  expect([rows.at(5), rows.at(PAGE), told]).toEqual([[5], undefined, 1]);
  rows.want(2, 40);
  expect(asked).toHaveLength(1);
});

test("two pages at most are on their way, and what is seen now comes before what was passed by", async () => {
  const { asked, fetch } = house(1_000_000);
  const rows = new Rows(fetch, 1_000_000);
  for (let at = 0; at < 1_000_000; at += 50_000) rows.want(at, at + 40);
  expect(asked.map((each) => each.offset)).toEqual([0, 50_000]);
  asked[0]?.answer();
  await settled();
  expect(asked.at(-1)?.offset).toBe(950_000);
  expect(asked).toHaveLength(3);
});

test("the last row of a million is reached, and nothing beyond it is asked", async () => {
  const { asked, fetch } = house(1_000_000);
  const rows = new Rows(fetch, 1_000_000);
  rows.want(999_980, 1_000_020);
  expect(asked.map((each) => each.offset)).toEqual([999_800]);
  asked[0]?.answer();
  await settled();
  expect(rows.at(999_999)).toEqual([999_999]);
});

test("old pages are let go: memory does not grow with the way that was scrolled", async () => {
  const { asked, fetch } = house(1_000_000);
  const rows = new Rows(fetch, 1_000_000);
  for (let page = 0; page < 300; page += 1) {
    rows.want(page * PAGE, page * PAGE + 10);
    asked.at(-1)?.answer();
    await settled();
  }
  expect([rows.at(0), rows.at(299 * PAGE)]).toEqual([undefined, [299 * PAGE]]);
});

test("a page that fails is told and not asked again and again; once it is tried again, it comes", async () => {
  const { asked, fetch } = house(10);
  const rows = new Rows(fetch, 10);
  rows.want(0, 9);
  asked[0]?.fail();
  await settled();
  rows.want(0, 9);
  expect([rows.error?.code, asked.length]).toEqual(["unavailable", 1]);
  rows.retry();
  asked[1]?.answer();
  await settled();
  expect([rows.error, rows.at(9)]).toEqual([null, [9]]);
});

test("a filter leaves fewer rows than were told at first", async () => {
  const { asked, fetch } = house(3);
  const rows = new Rows(fetch, 1000);
  rows.want(0, 30);
  asked[0]?.answer();
  await settled();
  expect(rows.total).toBe(3);
});

test("a range is had whole, with what is here already, and no more than is allowed", async () => {
  const { asked, fetch } = house(5000);
  const rows = new Rows(fetch, 5000);
  rows.want(0, 10);
  asked[0]?.answer();
  await settled();
  const whole = rows.range(190, 2500, 1500);
  for (let index = 1; index < 4; index += 1) {
    await settled();
    asked[index]?.answer();
  }
  const found = await whole;
  expect([found.length, found[0], found.at(-1)]).toEqual([1500, [190], [1689]]);
  expect(asked.slice(1).map((each) => [each.offset, each.count])).toEqual([[200, 1000], [1200, 490]]);
});
