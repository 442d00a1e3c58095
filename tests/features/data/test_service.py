"""The data room with its real workers in their cages: draft, approval, run, answer, and what is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
import xlsxwriter

from garret.base.clock import SystemClock
from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.door import Door
from garret.features.data import contracts as c
from garret.features.data import store
from garret.features.data.clearing import Clearing
from garret.features.data.connections import Connections
from garret.features.data.shelf import Shelf
from garret.features.data.snapshots import Snapshots
from garret.features.data.stages import Stages
from garret.features.house import contracts as house
from tests.control.planes import Client, run, until
from tests.features.data.houses import add, answer, approved, cells, data_house, order_of, shop
from tests.features.models.servers import asked, scripted_server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of the made-up shop."""
    return shop(tmp_path / "shop")


def test_a_question_becomes_a_draft_an_approval_and_rows(home: Home, folder: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            source = await add(client, folder)
            assert (source.tables, source.dialect) == (3, "duckdb")
            draft = await client.call(c.DraftQuery(source="shop", question="How many orders are there?"))
            assert draft.checked is not None, draft
            assert draft.translation.reading
            assert "stays on this machine" in draft.where
            result = await client.call(await approved(client, order_of(draft)))
            assert await cells(client, result) == ((2400,),)
            assert result.provenance.question == "How many orders are there?"
            (entry,) = (await client.call(c.GetHistory())).questions
            assert (entry.state, entry.rows, entry.result) == ("answered", 1, result.id)
            stages = {each.stage for each in (await client.call(c.GetStages())).stages}
            assert {"generate", "validate", "wait", "execute", "normalise"} <= stages

    run(story())


def test_nothing_runs_without_a_consent_to_exactly_it(home: Home, folder: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            await add(client, folder)
            draft = await client.call(c.DraftQuery(source="shop", query="SELECT count(*) FROM orders"))
            good = await approved(client, order_of(draft))
            others = (
                {"query": good.query.replace("orders", "customers")},
                {"limits": c.Limits(rows=1)},
                {"fingerprint": "0" * 64},
                {"source": "elsewhere"},
            )
            for number, other in enumerate(others):
                changed = msgspec.structs.replace(good, key=f"k{number}", **other)
                assert (await client.refusal(changed)).code == Code.DENIED
            result = await client.call(good)
            assert await cells(client, result) == ((2400,),)
            again = client.ask(msgspec.structs.replace(good, key="again"))
            while not (waiting := (await client.call(house.ListApprovals())).requests):
                assert not client.answered(again), "a consent is spent once"
            assert waiting[0].command == "data.run"
            client.cancel(again)
            assert (await client.error(again)).code == Code.CANCELLED

    run(story())


def test_a_query_that_was_never_judged_is_refused_even_with_a_consent(home: Home, folder: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            await add(client, folder)
            draft = await client.call(c.DraftQuery(source="shop", query="SELECT count(*) FROM orders"))
            for number, query in enumerate(
                (
                    "COPY orders TO '/tmp/stolen.csv'",
                    "SELECT * FROM read_text('/etc/passwd')",
                    "SELECT count(*) FROM orders",
                )
            ):
                order = order_of(draft, query=query, key=f"k{number}")
                refused = await client.refusal(await approved(client, order))
                assert refused.code == Code.DENIED, refused
            states = [each.state for each in (await client.call(c.GetHistory())).questions]
            assert "answered" not in states

    run(story())


HARMFUL = (
    "DROP TABLE orders",
    "SELECT 1; DELETE FROM orders",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_csv_auto('/etc/passwd')",
    "INSTALL httpfs",
    "PRAGMA database_list",
    "SELECT * FROM duckdb_settings()",
    "ATTACH '/tmp/x.db'",
)


def test_what_may_not_run_becomes_a_refusal_in_words(home: Home, folder: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            await add(client, folder)
            for query in HARMFUL:
                draft = await client.call(c.DraftQuery(source="shop", query=query))
                assert draft.checked is None
                assert draft.refusal is not None
                assert draft.refusal.rule
                newest = (await client.call(c.GetHistory(limit=1))).questions[0]
                assert (newest.state, newest.message) == ("refused", draft.refusal.message)
            audit = await client.call(house.ReadAudit(limit=50))
            assert sum(each.action == "data.refuse" for each in audit.entries) == len(HARMFUL)

    run(story())


def test_tables_that_changed_meanwhile_are_not_asked(home: Home, folder: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            await add(client, folder)
            draft = await client.call(c.DraftQuery(source="shop", query="SELECT count(*) FROM orders"))
            (folder / "orders.csv").rename(folder / "sales.csv")
            await client.call(c.GetCatalogue(source="shop", refresh=True))
            refused = await client.refusal(await approved(client, order_of(draft)))
            assert refused.code == Code.CONFLICT
            assert "ask again" in refused.message

    run(story())


def test_a_source_is_its_owners_and_can_be_disabled_and_removed(home: Home, folder: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            await add(client, folder)
            taken = await client.refusal(
                c.AddSource(name="SHOP", config=c.SourceConfig(kind="files", paths=(str(folder),)))
            )
            assert taken.code == Code.CONFLICT
            other = Client(plane, profile="user")
            assert (await other.call(c.ListSources())).sources == ()
            assert (await other.refusal(c.GetCatalogue(source="shop"))).code == Code.NOT_FOUND
            result = await answer(client, query="SELECT count(*) FROM orders")
            assert (await other.refusal(c.GetRows(result=result.id))).code == Code.NOT_FOUND
            await client.call(c.SwitchSource(source="shop", enabled=False))
            assert (
                await client.refusal(c.DraftQuery(source="shop", question="how many"))
            ).code == Code.DENIED
            await client.call(c.SwitchSource(source="shop", enabled=True))
            await client.call(c.RemoveSource(source="shop"))
            assert (await client.call(c.ListSources())).sources == ()
            (entry,) = (await client.call(c.GetHistory())).questions
            assert entry.source_name == "removed"
            child = Client(plane, profile="child")
            config = c.SourceConfig(kind="files", paths=(str(folder),))
            assert (await child.refusal(c.AddSource(name="mine", config=config))).code == Code.DENIED

    run(story())


def test_what_does_not_answer_is_not_added_and_its_password_is_nowhere(home: Home) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            for config in (
                c.SourceConfig(kind="files", paths=("/nowhere/at/all.csv",)),
                c.SourceConfig(kind="files", paths=("relative.csv",)),
                c.SourceConfig(kind="postgres", host="127.0.0.1", port=9, user="me"),
                c.SourceConfig(kind="files", paths=(str(home.root),)),
            ):
                refused = await client.refusal(c.AddSource(name="x", config=config, password="open sesame"))
                assert "open sesame" not in refused.message
            assert (await client.call(c.ListSources())).sources == ()
        for path in home.root.rglob("*"):
            if path.is_file():
                assert b"open sesame" not in path.read_bytes(), path

    run(story())


def test_what_people_say_of_tables_is_known_to_the_next_question(home: Home, folder: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            await add(client, folder)
            await client.call(
                c.Describe(source="shop", table="orders", column="total", synonyms=("revenue",), unit="EUR")
            )
            await client.call(c.Describe(source="shop", table="customers", column="name", private=True))
            page = await client.call(c.GetCatalogue(source="shop", find="orders total"))
            (column,) = [each for each in page.tables[0].columns if each.name == "total"]
            assert (column.synonyms, column.unit) == (("revenue",), "EUR")
            page = await client.call(c.GetCatalogue(source="shop", find="customers"))
            (name,) = [each for each in page.tables[0].columns if each.name == "name"]
            assert (name.private, name.samples) == (True, ())
            assert (await client.refusal(c.Describe(source="shop", table="none"))).code == Code.NOT_FOUND
            wrong = c.Measure(name="all", table="orders", expression="(SELECT 1); DROP TABLE orders")
            assert (await client.refusal(c.SetMeasure(source="shop", measure=wrong))).code == Code.DENIED
            good = c.Measure(name="sold", table="orders", expression="sum(quantity)")
            await client.call(c.SetMeasure(source="shop", measure=good))
            assert (await client.call(c.GetCatalogue(source="shop"))).measures == (good,)

    run(story())


def test_a_trusted_question_runs_unasked_until_its_tables_change(home: Home, folder: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            await add(client, folder)
            await answer(client, query="SELECT count(*) FROM orders")
            (entry,) = (await client.call(c.GetHistory())).questions
            assert (await client.refusal(c.Rerun(question=entry.id))).code == Code.DENIED
            page = await client.call(c.GetCatalogue(source="shop"))
            trust = c.Trust(
                question=entry.id, query=entry.query, source=entry.source, fingerprint=page.fingerprint
            )
            await client.call(await approved(client, trust))
            result = await client.call(c.Rerun(question=entry.id))
            assert await cells(client, result) == ((2400,),)
            (folder / "more.csv").write_text("a\n1\n")
            await client.call(c.GetCatalogue(source="shop", refresh=True))
            assert (await client.refusal(c.Rerun(question=entry.id))).code == Code.CONFLICT
            await client.call(c.Distrust(question=entry.id))
            assert (await client.refusal(c.Rerun(question=entry.id))).code == Code.DENIED

    run(story())


def test_saved_questions_and_dashboards_outlive_a_restart(home: Home, folder: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            await add(client, folder)
            result = await answer(client, query="SELECT city, count(*) AS n FROM customers GROUP BY city")
            (entry,) = (await client.call(c.GetHistory())).questions
            tile = await client.call(c.Pin(question=entry.id, dashboard="Home", chart="bar", title="By city"))
        async with data_house(home) as plane:
            client = Client(plane)
            (board,) = (await client.call(c.ListDashboards())).dashboards
            assert board == c.Dashboard(name="Home", tiles=(tile,))
            (saved,) = (await client.call(c.GetHistory(saved=True))).questions
            assert (saved.name, saved.result) == ("By city", "")
            gone = await client.refusal(c.GetRows(result=result.id))
            assert "not here any more" in gone.message
            await client.call(c.Unpin(tile=tile.id))
            assert (await client.call(c.ListDashboards())).dashboards == ()
            assert await plane.store.objects.rebuild("data")
            assert len((await client.call(c.GetHistory())).questions) == 1

    run(story())


class _Later(SystemClock):
    """An hour ahead."""

    def wall(self) -> float:
        return super().wall() + 3_600


def test_all_that_is_ones_own_is_cleared_in_one_act_and_comes_back_until_its_time_is_over(
    home: Home, folder: Path
) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            await add(client, folder)
            result = await answer(client, query="SELECT count(*) FROM orders")
            (room,) = [each for each in (await client.call(house.GetHoldings())).rooms if each.room == "data"]
            assert {each.kind: each.count for each in room.holdings} == {"questions": 1, "sources": 1}
            until = (await client.call(house.GetHoldings())).at
            cleared = await client.call(house.ClearOwn(until=until))
            assert cleared.count >= 2
            assert (await client.call(c.ListSources())).sources == ()
            assert (await client.call(c.GetHistory())).questions == ()
            assert (await client.refusal(c.GetRows(result=result.id))).code == Code.NOT_FOUND
            await client.call(house.RestoreCleared(clearing=cleared.clearing))
            assert len((await client.call(c.ListSources())).sources) == 1
            assert len((await client.call(c.GetHistory())).questions) == 1
            until = (await client.call(house.GetHoldings())).at
            await client.call(house.ClearOwn(until=until))
            await add(client, folder, "new")
            await plane.settings.set("data.grace_minutes", 1, None)
            later = Door("data", plane, clock=_Later())
            connections = Connections(later)
            snapshots = Snapshots(later, connections)
            await Clearing(later, connections, snapshots, Shelf(later, Stages())).end_grace()
            await plane.store.objects.rebuild("data")
            counts = await plane.store.read(lambda connection: store.count(connection, "admin"))
            assert counts == {store.SOURCE: 1}, "what came later stays"
            assert [each.name for each in (await client.call(c.ListSources())).sources] == ["new"]

    run(story())


def test_results_are_paged_drawn_and_written(home: Home, folder: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            await add(client, folder)
            result = await answer(
                client,
                query="SELECT country, sum(total) AS total FROM customers "
                "JOIN orders USING (customer_id) GROUP BY country",
            )
            sort = c.Sort(column="total", descending=True)
            rows = await cells(client, result, sorts=(sort,))
            assert [row[1] for row in rows] == sorted((row[1] for row in rows), reverse=True)
            (one,) = await cells(
                client, result, filters=(c.Filter(column="country", test="is", value="Norway"),)
            )
            assert one[0] == "Norway"
            summaries = (await client.call(c.Summarize(result=result.id))).columns
            assert [each.distinct for each in summaries] == [6, 6]
            charts = (await client.call(c.Chart(result=result.id))).charts
            assert charts[0].kind in ("bar", "pie")
            for form in ("csv", "tsv", "json", "ndjson", "parquet", "xlsx", "md", "html", "svg"):
                call = client.ask(c.Export(result=result.id, format=form))
                exported = await client.answer(c.Export, call)
                assert exported.bytes > 0, form
                assert exported.name.endswith(f".{form}")
            assert (
                await client.refusal(c.GetRows(result=result.id, sorts=(c.Sort(column="no"),)))
            ).code == Code.USAGE

    run(story())


def test_limits_cut_and_say_so(home: Home, folder: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            await add(client, folder)
            order = c.DraftQuery(source="shop", query="SELECT * FROM orders", limits=c.Limits(rows=100))
            result = await client.call(await approved(client, order_of(await client.call(order))))
            assert (result.rows, result.truncated) == (100, True)
            await plane.settings.set("data.rows", 50, None)
            result = await client.call(await approved(client, order_of(await client.call(order))))
            assert (result.rows, result.truncated) == (50, True)

    run(story())


def test_a_run_that_is_cancelled_ends_and_the_next_goes_on(home: Home, folder: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            await add(client, folder)
            endless = (
                "SELECT count(*) FROM orders a, orders b, orders c, orders d "
                "WHERE a.total + b.total + c.total = d.total"
            )
            draft = await client.call(c.DraftQuery(source="shop", query=endless))
            request = client.ask(await approved(client, order_of(draft)))
            await asyncio.sleep(0)
            while not (await client.call(house.ListJobs(state="running"))).jobs:
                pass
            client.cancel(request)
            assert (await client.error(request)).code == Code.CANCELLED
            result = await answer(client, query="SELECT count(*) FROM orders")
            assert await cells(client, result) == ((2400,),)

    run(story())


def test_a_model_reads_what_the_grammar_does_not_and_is_judged_like_anybody(home: Home, folder: Path) -> None:
    async def story() -> None:
        with scripted_server() as address:
            async with data_house(home) as plane:
                client = Client(plane)
                await add(client, folder)
                await plane.settings.set("data.model", "always", None)
                await plane.settings.set("models.provider", "openai", None)
                await plane.settings.set("models.address", f"{address}/v1", None)
                bad = '{"query": "DROP TABLE orders", "reading": "gone"}'
                good = '{"query": "SELECT count(*) AS n FROM orders", "reading": "counts orders"}'
                await plane.settings.set("models.model", f"turns:{bad}|{good}", None)
                draft = await client.call(
                    c.DraftQuery(source="shop", question="wie viele Bestellungen gibt es")
                )
                assert draft.checked is not None, draft
                assert draft.translation.reading == "counts orders"
                told = str(asked(address))
                assert "order_date" in told
                assert "Lyon" not in told, "values are told to no model unless that is switched on"
                await plane.settings.set("models.model", f"json:{bad}", None)
                draft = await client.call(
                    c.DraftQuery(source="shop", question="wie viele Bestellungen gibt es")
                )
                assert draft.checked is None
                assert draft.refusal is not None
                await plane.settings.set("models.model", "half", None)
                draft = await client.call(c.DraftQuery(source="shop", question="How many orders are there?"))
                assert draft.translation.by == "grammar"
                assert any("did not help" in note for note in draft.notes)

    run(story())


def test_nothing_of_a_question_is_asked_twice_or_not_at_all(home: Home, folder: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            await add(client, folder)
            for order in (
                c.DraftQuery(source="shop"),
                c.DraftQuery(source="shop", question="how many", query="SELECT 1"),
                c.DraftQuery(source="shop", question="x" * 2_001),
                c.DraftQuery(source="shop", query="x" * 100_001),
                c.DraftQuery(source="shop", question="how many orders", limits=c.Limits(rows=0)),
            ):
                assert (await client.refusal(order)).code == Code.USAGE
            assert (await client.refusal(c.DraftQuery(source="none", question="x"))).code == Code.NOT_FOUND

    run(story())


def _open() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_descriptor_is_left_behind(home: Home, folder: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            await add(client, folder)
            await answer(client, query="SELECT count(*) FROM orders")
            before = _open()
            for _ in range(5):
                await answer(client, query="SELECT count(*) FROM orders")
            # One for each result that is kept; no more.
            assert _open() <= before + 5 + 4

    run(story())


def test_a_faster_copy_is_made_in_the_cage_and_answers(home: Home, tmp_path: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            (tmp_path / "book").mkdir()
            with xlsxwriter.Workbook(str(tmp_path / "book" / "sales.xlsx")) as book:
                sheet = book.add_worksheet()
                sheet.write_column(0, 0, ["n", 1, 2, 3])
            await add(client, tmp_path / "book")

            def made() -> list[Path]:
                return [path for path in home.root.rglob("*.parquet") if ".notes." not in path.name]

            await until(lambda: bool(made()))
            (copy,) = made()
            assert copy.stat().st_mode & 0o777 == 0o600
            assert b"PARE" in copy.read_bytes()[:4], "as encrypted files of its kind begin"
            result = await answer(client, query="SELECT max(n) AS most FROM sales")
            assert await cells(client, result) == ((3,),)
            copy.write_bytes(copy.read_bytes()[:-40])
            result = await answer(client, query="SELECT min(n) AS least FROM sales")
            assert await cells(client, result) == ((1,),)
            assert not made(), "what is damaged is thrown away, and the file answers"

    run(story())


def test_who_drafts_again_takes_the_process_along(home: Home, folder: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            await add(client, folder)

            async def running() -> set[str]:
                workers = (await client.call(house.ListWorkers())).workers
                return {each.name for each in workers if each.name.startswith("query")}

            first = await client.call(c.DraftQuery(source="shop", query="SELECT count(*) FROM orders"))
            before = await running()
            second = await client.call(c.DraftQuery(source="shop", query="SELECT count(*) FROM customers"))
            assert await running() == before
            result = await client.call(await approved(client, order_of(second)))
            assert await running() & before != before, "a process that ran something does nothing more"
            older = await client.call(await approved(client, order_of(first)))
            assert await cells(client, result) != await cells(client, older) == ((2400,),)

    run(story())
