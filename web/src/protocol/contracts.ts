// Written by `make generate` from the contracts of all rooms; not to be edited.

/** The protocol's version, as the other side has it. */
export const VERSION = 3;

/** How it stands with a room's own things of the one who asked. */
export interface Cleared {
  readonly holdings: readonly (Holding)[];
  readonly restorable: readonly (Restorable)[];
  readonly done: number;
  readonly left: number;
  readonly busy: number;
}

/** The closed set of error codes; clients map them to exit codes and pictures. */
export type Code = "usage" | "invalid" | "denied" | "not_found" | "conflict" | "busy" | "unavailable" | "cancelled" | "deadline" | "full" | "read_only" | "corrupt" | "failed";

/** Try a source, and add it where it answers. The password goes into the keychain and nowhere else. */
export interface DataAddSource {
  readonly name: string;
  readonly config: DataSourceConfigInput;
  readonly password?: string;
}

/** A source that was added, and what its first test found. */
export interface DataAdded {
  readonly source: DataSource;
  readonly status: DataSourceStatus;
}

/** Another way to read the question: a few words for a chip, and what would be run. */
export interface DataAlternative {
  readonly label: string;
  readonly query: string;
  readonly reading: string;
}

/** A question has its answer, or failed. */
export interface DataAnswered {
  readonly question: string;
  readonly result: string;
  readonly rows: number;
}

/** A question of the history. `state` says how far it came; `name` is set once it is saved. */
export interface DataAsked {
  readonly id: string;
  readonly source: string;
  readonly source_name: string;
  readonly question: string;
  readonly query: string;
  readonly reading: string;
  readonly by: string;
  readonly state: "abstained" | "answered" | "drafted" | "failed" | "refused" | "unclear";
  readonly asked: number;
  readonly message: string;
  readonly rows: number;
  readonly seconds: number;
  readonly result: string;
  readonly name: string;
  readonly favourite: boolean;
  readonly trusted: boolean;
}

/** Some tables of a snapshot: those from `offset` on of `found`. */
export interface DataCataloguePage {
  readonly source: string;
  readonly dialect: "cypher" | "duckdb" | "mongo" | "mysql" | "postgres" | "qdrant" | "sqlite" | "trino";
  readonly fingerprint: string;
  readonly taken: number;
  readonly offset: number;
  readonly found: number;
  readonly tables: readonly (DataTable)[];
  readonly measures: readonly (DataMeasure)[];
  readonly notes: readonly (string)[];
}

/** Charts that fit a result; `kind` asks for one of them alone. */
export interface DataChart {
  readonly result: string;
  readonly kind?: "area" | "bar" | "figure" | "heatmap" | "histogram" | "line" | "pie" | "points" | "scatter" | "stacked" | null;
}

/** A chart that fits a result, as a Vega-Lite subset without expressions and addresses. */
export interface DataChartSpec {
  readonly kind: "area" | "bar" | "figure" | "heatmap" | "histogram" | "line" | "pie" | "points" | "scatter" | "stacked";
  readonly title: string;
  readonly why: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly data: readonly (Readonly<Record<string, unknown>>)[];
  readonly sampled: number | null;
}

/** The chart that fits a result best, and the others that do; none where none does, and why. */
export interface DataCharts {
  readonly charts: readonly (DataChartSpec)[];
  readonly why: string;
}

/** Have the guard look at a query over the catalogue beside it. */
export interface DataCheck {
  readonly revision: string;
  readonly query: string;
  readonly dialect: "cypher" | "duckdb" | "mongo" | "mysql" | "postgres" | "qdrant" | "sqlite" | "trino";
  readonly limits: DataLimitsInput;
}

/** A query that the guard let through, as it will be run: written anew from the tree that was checked. */
export interface DataChecked {
  readonly query: string;
  readonly tables: readonly (string)[];
  readonly columns: readonly (string)[];
  readonly limit: number;
}

/** Look at, clear or bring back all that one asked and added. */
export interface DataClear {
  readonly act?: "clear" | "look" | "restore";
  readonly clearing?: string;
  readonly until?: number;
}

/** A column of a table, or a field of documents: then `name` is its path with dots. */
export interface DataColumn {
  readonly name: string;
  readonly type: string;
  readonly kind: "array" | "binary" | "boolean" | "date" | "decimal" | "geometry" | "integer" | "interval" | "json" | "other" | "real" | "text" | "time" | "timestamp" | "uuid" | "vector";
  readonly nullable: boolean;
  readonly comment: string;
  readonly description: string;
  readonly synonyms: readonly (string)[];
  readonly unit: string;
  readonly private: boolean;
  readonly guessed: boolean;
  readonly samples: readonly (string)[];
  readonly distinct: number | null;
}

/** One column at a glance: counts, extremes as text, and a histogram or the most frequent values. */
export interface DataColumnSummary {
  readonly name: string;
  readonly rows: number;
  readonly missing: number;
  readonly distinct: number;
  readonly lowest: string;
  readonly highest: string;
  readonly mean: number | null;
  readonly bins: readonly (readonly [string, number])[];
}

/** Tiles under one name, in their order. */
export interface DataDashboard {
  readonly name: string;
  readonly tiles: readonly (DataTile)[];
}

/** One's own dashboards, by name. */
export interface DataDashboards {
  readonly dashboards: readonly (DataDashboard)[];
}

/** Say what a table, or a column of it, means; what is None stays as it is. */
export interface DataDescribe {
  readonly source: string;
  readonly table: string;
  readonly column?: string;
  readonly description?: string | null;
  readonly synonyms?: readonly (string)[] | null;
  readonly unit?: string | null;
  readonly private?: boolean | null;
}

/** Ask again before a saved question is run. */
export interface DataDistrust {
  readonly question: string;
}

/** What was made of a question, for a person to look at before anything runs. */
export interface DataDraft {
  readonly id: string;
  readonly source: string;
  readonly question: string;
  readonly translation: DataTranslation;
  readonly limits: DataLimits;
  readonly fingerprint: string;
  readonly where: string;
  readonly checked: DataChecked | null;
  readonly refusal: DataRefusal | null;
  readonly estimate: DataEstimate | null;
  readonly seconds: Readonly<Record<string, number>>;
  readonly notes: readonly (string)[];
}

/** Make a draft of a question in words, or of a query that a person wrote; nothing is run. */
export interface DataDraftQuery {
  readonly source: string;
  readonly question?: string;
  readonly query?: string;
  readonly previous?: string;
  readonly limits?: DataLimitsInput | null;
}

/** Charts that fit. */
export interface DataDraw {
  readonly result: string;
  readonly columns: readonly (DataResultColumnInput)[];
  readonly question: string;
  readonly hints: readonly (string)[];
  readonly kind?: "area" | "bar" | "figure" | "heatmap" | "histogram" | "line" | "pie" | "points" | "scatter" | "stacked" | null;
}

/** What the engine expects of a query; None where it does not say. `cost` is in its own unit. */
export interface DataEstimate {
  readonly rows: number | null;
  readonly cost: number | null;
  readonly seconds: number | null;
  readonly plan: string;
}

/** Which drivers are there, and which sources had a problem when they were last asked. */
export type DataExamine = Readonly<Record<string, never>>;

/** Check a query once more, and run it. Beside it: `Keys`, the `Catalogue`. */
export interface DataExecute {
  readonly config: DataSourceConfigInput;
  readonly query: string;
  readonly limits: DataLimitsInput;
  readonly cache?: string;
}

/** What a run gave; the rows lie beside this, as an Arrow IPC stream in a memory file. */
export interface DataExecuted {
  readonly columns: readonly (DataResultColumn)[];
  readonly rows: number;
  readonly bytes: number;
  readonly truncated: boolean;
  readonly first_rows: number;
  readonly execute: number;
  readonly normalise: number;
  readonly notes: readonly (string)[];
}

/** What the engine expects of a query. Beside it: `Keys`. */
export interface DataExplain {
  readonly config: DataSourceConfigInput;
  readonly checked: DataChecked;
  readonly limits: DataLimitsInput;
  readonly cache?: string;
}

/** A result as a file, whose descriptor is the answer; svg is its chart, html the whole answer. */
export interface DataExport {
  readonly result: string;
  readonly format: "csv" | "html" | "json" | "md" | "ndjson" | "parquet" | "svg" | "tsv" | "xlsx";
  readonly sorts?: readonly (DataSortInput)[];
  readonly filters?: readonly (DataFilterInput)[];
  readonly chart?: "area" | "bar" | "figure" | "heatmap" | "histogram" | "line" | "pie" | "points" | "scatter" | "stacked" | null;
}

/** A file lies beside this: what it may be called. */
export interface DataExported {
  readonly name: string;
  readonly bytes: number;
}

/** How far a run has come. */
export interface DataFetched {
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** Keep rows whose column holds to this. `value` is text as a person typed it; `missing` needs none. */
export interface DataFilterInput {
  readonly column: string;
  readonly test: "at_least" | "at_most" | "contains" | "is" | "is_not" | "missing" | "present";
  readonly value?: string;
}

/** `columns` of the table that has it point at `references` of `table` (its name as `Table.address`). */
export interface DataForeignKey {
  readonly columns: readonly (string)[];
  readonly table: string;
  readonly references: readonly (string)[];
  readonly guessed: boolean;
}

/** What a source holds. `find` narrows by parts of names of tables and columns; `refresh` looks again. */
export interface DataGetCatalogue {
  readonly source: string;
  readonly find?: string;
  readonly offset?: number;
  readonly count?: number;
  readonly refresh?: boolean;
}

/** What one asked, the newest first: all, of one source, with words in it, or only what is saved. */
export interface DataGetHistory {
  readonly limit?: number;
  readonly before?: string;
  readonly source?: string;
  readonly find?: string;
  readonly saved?: boolean;
  readonly question?: string;
}

/** How a file of a source is read, as the options that `data.read` takes. */
export interface DataGetReading {
  readonly source: string;
  readonly path: string;
}

/** The head of a result that is still here. */
export interface DataGetResult {
  readonly result: string;
}

/** Rows of a result, sorted and filtered; at most 1,000 at once. */
export interface DataGetRows {
  readonly result: string;
  readonly offset?: number;
  readonly count?: number;
  readonly sorts?: readonly (DataSortInput)[];
  readonly filters?: readonly (DataFilterInput)[];
}

/** How long each stage took since Garret started: generate, validate, wait, execute, normalise, render. */
export type DataGetStages = Readonly<Record<string, never>>;

/** Look how a file is read. Beside it: `Keys`. */
export interface DataGuessReading {
  readonly config: DataSourceConfigInput;
  readonly path: string;
}

/** Options of reading, as they were guessed or decided. */
export interface DataGuessed {
  readonly options: Readonly<Record<string, string>>;
}

/** Questions, the newest first. */
export interface DataHistory {
  readonly questions: readonly (DataAsked)[];
}

/** How much one run may give and take. */
export interface DataLimits {
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** How much one run may give and take. */
export interface DataLimitsInput {
  readonly rows?: number;
  readonly bytes?: number;
  readonly seconds?: number;
}

/** One's own dashboards in this workspace. */
export type DataListDashboards = Readonly<Record<string, never>>;

/** List one's own sources in this workspace. */
export type DataListSources = Readonly<Record<string, never>>;

/** Put a question and the catalogue beside it into words for a model; `problem` is why it was refused. */
export interface DataMakePrompt {
  readonly revision: string;
  readonly question: string;
  readonly previous: DataTranslationInput | null;
  readonly problem: string;
  readonly samples: boolean;
}

/** A figure that a person named: `expression` is one of the dialect over the columns of `table`. */
export interface DataMeasure {
  readonly name: string;
  readonly table: string;
  readonly expression: string;
  readonly synonyms: readonly (string)[];
  readonly description: string;
  readonly unit: string;
}

/** A figure that a person named: `expression` is one of the dialect over the columns of `table`. */
export interface DataMeasureInput {
  readonly name: string;
  readonly table: string;
  readonly expression: string;
  readonly synonyms?: readonly (string)[];
  readonly description?: string;
  readonly unit?: string;
}

/** The head of a result; its rows are fetched in pages. */
export interface DataNormalizedResult {
  readonly id: string;
  readonly columns: readonly (DataResultColumn)[];
  readonly rows: number;
  readonly bytes: number;
  readonly provenance: DataProvenance;
  readonly timing: DataTiming;
  readonly truncated: boolean;
  readonly about: number | null;
  readonly notes: readonly (string)[];
}

/** The head of a result; its rows are fetched in pages. */
export interface DataNormalizedResultInput {
  readonly id: string;
  readonly columns: readonly (DataResultColumnInput)[];
  readonly rows: number;
  readonly bytes: number;
  readonly provenance: DataProvenanceInput;
  readonly timing: DataTimingInput;
  readonly truncated?: boolean;
  readonly about?: number | null;
  readonly notes?: readonly (string)[];
}

/** Rows of a result. */
export interface DataPage {
  readonly result: string;
  readonly columns: readonly (DataResultColumnInput)[];
  readonly offset: number;
  readonly count: number;
  readonly sorts: readonly (DataSortInput)[];
  readonly filters: readonly (DataFilterInput)[];
}

/** Pin a question to a dashboard, which is made where it is new; a tile that is there is changed. */
export interface DataPin {
  readonly question: string;
  readonly dashboard: string;
  readonly title?: string;
  readonly chart?: "area" | "bar" | "figure" | "heatmap" | "histogram" | "line" | "pie" | "points" | "scatter" | "stacked" | "table";
  readonly position?: number;
  readonly tile?: string;
}

/** Make faster copies of large files. Beside it: `Keys`. */
export interface DataPrepare {
  readonly config: DataSourceConfigInput;
  readonly cache: string;
}

/** How many tables have a faster copy now that had none, and what went wrong with others. */
export interface DataPrepared {
  readonly files: number;
  readonly notes: readonly (string)[];
}

/** Connect, and look what the login may. Beside it: `Keys`. */
export interface DataProbe {
  readonly config: DataSourceConfigInput;
}

/** What a language model is told. */
export interface DataPrompt {
  readonly system: string;
  readonly question: string;
}

/** Where a result came from. */
export interface DataProvenance {
  readonly source: string;
  readonly dialect: "cypher" | "duckdb" | "mongo" | "mysql" | "postgres" | "qdrant" | "sqlite" | "trino";
  readonly query: string;
  readonly fingerprint: string;
  readonly ran: number;
  readonly question: string;
  readonly by: string;
}

/** Where a result came from. */
export interface DataProvenanceInput {
  readonly source: string;
  readonly dialect: "cypher" | "duckdb" | "mongo" | "mysql" | "postgres" | "qdrant" | "sqlite" | "trino";
  readonly query: string;
  readonly fingerprint: string;
  readonly ran: number;
  readonly question?: string;
  readonly by?: string;
}

/** Say how a file of a source is to be read where the guess was wrong; no options: guess again. */
export interface DataReadFile {
  readonly source: string;
  readonly path: string;
  readonly options: Readonly<Record<string, string>>;
}

/** How a file is read: what was guessed, and what was decided where the guess was not wanted. */
export interface DataReading {
  readonly path: string;
  readonly guessed: Readonly<Record<string, string>>;
  readonly decided: Readonly<Record<string, string>>;
}

/** Why a query may not be run: the rule, and what would be allowed. */
export interface DataRefusal {
  readonly rule: string;
  readonly message: string;
  readonly allowed: string;
}

/** Remove a source with its password; what was asked of it stays in the history. */
export interface DataRemoveSource {
  readonly source: string;
}

/** A page says how long it took to draw a result, in seconds. */
export interface DataRendered {
  readonly result: string;
  readonly seconds: number;
}

/** Run a saved question again that one's own profile trusts: the same query, source and limits. */
export interface DataRerun {
  readonly question: string;
  readonly key?: string;
}

/** A column of a result. `type` is the engine's word. Names are unique within a result. */
export interface DataResultColumn {
  readonly name: string;
  readonly type: string;
  readonly kind: "array" | "binary" | "boolean" | "date" | "decimal" | "geometry" | "integer" | "interval" | "json" | "other" | "real" | "text" | "time" | "timestamp" | "uuid" | "vector";
  readonly unit: string;
  readonly nullable: boolean;
}

/** A column of a result. `type` is the engine's word. Names are unique within a result. */
export interface DataResultColumnInput {
  readonly name: string;
  readonly type: string;
  readonly kind: "array" | "binary" | "boolean" | "date" | "decimal" | "geometry" | "integer" | "interval" | "json" | "other" | "real" | "text" | "time" | "timestamp" | "uuid" | "vector";
  readonly unit?: string;
  readonly nullable?: boolean;
}

/** Rows from `offset` of `rows` in all after filtering. */
export interface DataResultPage {
  readonly offset: number;
  readonly rows: number;
  readonly cells: readonly (readonly (unknown)[])[];
}

/** Run a query that was checked, once, read-only. What is approved is exactly this. */
export interface DataRun {
  readonly source: string;
  readonly query: string;
  readonly fingerprint: string;
  readonly limits: DataLimitsInput;
  readonly draft?: string;
  readonly key?: string;
  readonly approval?: string;
}

/** Keep a question under a name, or let it go with an empty one. */
export interface DataSaveQuestion {
  readonly question: string;
  readonly name?: string;
  readonly favourite?: boolean;
}

/** Name a figure, such as revenue; with an empty expression it is removed. */
export interface DataSetMeasure {
  readonly source: string;
  readonly measure: DataMeasureInput;
}

/** Order by a column of the result. */
export interface DataSortInput {
  readonly column: string;
  readonly descending?: boolean;
}

/** A source as it is known here. `tables` and `taken` are of its last snapshot, 0 where there is none. */
export interface DataSource {
  readonly id: string;
  readonly name: string;
  readonly config: DataSourceConfig;
  readonly dialect: "cypher" | "duckdb" | "mongo" | "mysql" | "postgres" | "qdrant" | "sqlite" | "trino";
  readonly enabled: boolean;
  readonly samples: boolean;
  readonly added: number;
  readonly tables: number;
  readonly taken: number;
  readonly fingerprint: string;
  readonly problem: string;
}

/** A source was added, changed or removed, or its tables are others than they were. */
export interface DataSourceChanged {
  readonly source: string;
}

/** How a source is reached; the password is not in it. */
export interface DataSourceConfig {
  readonly kind: "duckdb" | "files" | "mongo" | "mysql" | "neo4j" | "postgres" | "qdrant" | "sqlite" | "trino";
  readonly paths: readonly (string)[];
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly schemas: readonly (string)[];
  readonly user: string;
  readonly tls: "" | "off" | "require" | "verify";
  readonly authority: string;
  readonly ssh: string;
  readonly reading: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** How a source is reached; the password is not in it. */
export interface DataSourceConfigInput {
  readonly kind: "duckdb" | "files" | "mongo" | "mysql" | "neo4j" | "postgres" | "qdrant" | "sqlite" | "trino";
  readonly paths?: readonly (string)[];
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly schemas?: readonly (string)[];
  readonly user?: string;
  readonly tls?: "" | "off" | "require" | "verify";
  readonly authority?: string;
  readonly ssh?: string;
  readonly reading?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** What a test of a source found. `warnings` are sentences, such as that the login may write, and `script` what an administrator of the server can run to make a login that may only read. */
export interface DataSourceStatus {
  readonly version: string;
  readonly login: string;
  readonly read_only: boolean;
  readonly warnings: readonly (string)[];
  readonly script: string;
  readonly milliseconds: number;
}

/** One's own sources, by name. */
export interface DataSources {
  readonly sources: readonly (DataSource)[];
}

/** How long a stage took over the last questions, in seconds. */
export interface DataStageFigures {
  readonly stage: string;
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
}

/** Stages in their order. */
export interface DataStages {
  readonly stages: readonly (DataStageFigures)[];
}

/** Columns at a glance. */
export interface DataSummaries {
  readonly columns: readonly (DataColumnSummary)[];
}

/** Each column of a result at a glance; none named: the first forty. */
export interface DataSummarize {
  readonly result: string;
  readonly columns?: readonly (string)[];
}

/** Columns at a glance. */
export interface DataSummarizeColumns {
  readonly result: string;
  readonly columns: readonly (DataResultColumnInput)[];
  readonly wanted: readonly (string)[];
}

/** Take a snapshot; the `Catalogue` comes in a bulk beside the result. Beside it: `Keys`. */
export interface DataSurvey {
  readonly source: string;
  readonly config: DataSourceConfigInput;
}

/** Disable a source, so that nothing is asked of it, or enable it again; what is None stays as it is. */
export interface DataSwitchSource {
  readonly source: string;
  readonly enabled?: boolean | null;
  readonly samples?: boolean | null;
}

/** A table, view, file or collection. `rows` is an estimate; None where nobody knows. */
export interface DataTable {
  readonly name: string;
  readonly schema: string;
  readonly kind: "collection" | "file" | "node" | "relationship" | "table" | "view";
  readonly comment: string;
  readonly description: string;
  readonly synonyms: readonly (string)[];
  readonly columns: readonly (DataColumn)[];
  readonly primary_key: readonly (string)[];
  readonly foreign_keys: readonly (DataForeignKey)[];
  readonly rows: number | null;
}

/** Connect to a source, and look what its login may. */
export interface DataTestSource {
  readonly source: string;
}

/** An answer that is pinned: a saved question and how it is shown. `trusted` ones refresh unasked. */
export interface DataTile {
  readonly id: string;
  readonly question: string;
  readonly title: string;
  readonly chart: "area" | "bar" | "figure" | "heatmap" | "histogram" | "line" | "pie" | "points" | "scatter" | "stacked" | "table";
  readonly position: number;
  readonly trusted: boolean;
  readonly source: string;
}

/** How long each stage took, in seconds. */
export interface DataTiming {
  readonly generate: number;
  readonly validate: number;
  readonly wait: number;
  readonly execute: number;
  readonly first_rows: number;
  readonly normalise: number;
}

/** How long each stage took, in seconds. */
export interface DataTimingInput {
  readonly generate?: number;
  readonly validate?: number;
  readonly wait?: number;
  readonly execute?: number;
  readonly first_rows?: number;
  readonly normalise?: number;
}

/** Read a question over the catalogue beside it, which is kept by its fingerprint and `revision`. */
export interface DataTranslate {
  readonly revision: string;
  readonly question: string;
  readonly today: string;
  readonly previous?: DataTranslationInput | null;
}

/** What was made of a question. */
export interface DataTranslation {
  readonly outcome: "abstained" | "query" | "unclear";
  readonly query: string;
  readonly reading: string;
  readonly message: string;
  readonly confidence: number;
  readonly shape: string;
  readonly alternatives: readonly (DataAlternative)[];
  readonly hints: readonly (string)[];
  readonly by: string;
}

/** What was made of a question. */
export interface DataTranslationInput {
  readonly outcome: "abstained" | "query" | "unclear";
  readonly query?: string;
  readonly reading?: string;
  readonly message?: string;
  readonly confidence?: number;
  readonly shape?: string;
  readonly alternatives?: readonly (DataAlternative)[];
  readonly hints?: readonly (string)[];
  readonly by?: string;
}

/** Let a saved question be run again without asking, as long as query, source and tables are the same. */
export interface DataTrust {
  readonly question: string;
  readonly query: string;
  readonly source: string;
  readonly fingerprint: string;
  readonly approval?: string;
}

/** Take a tile off its dashboard. */
export interface DataUnpin {
  readonly tile: string;
}

/** A file of a result, beside the answer. */
export interface DataWrite {
  readonly head: DataNormalizedResultInput;
  readonly format: "csv" | "html" | "json" | "md" | "ndjson" | "parquet" | "svg" | "tsv" | "xlsx";
  readonly sorts: readonly (DataSortInput)[];
  readonly filters: readonly (DataFilterInput)[];
  readonly chart: "area" | "bar" | "figure" | "heatmap" | "histogram" | "line" | "pie" | "points" | "scatter" | "stacked" | null;
  readonly hints?: readonly (string)[];
}

/** The window is to come to the front. */
export interface DeskAskedFor {
  readonly page: string;
}

/** Be known as a program that shows pages, until this is cancelled or the connection ends. */
export interface DeskAttend {
  readonly kind: "gateway" | "window";
  readonly address?: string;
}

/** A program that shows pages: the window, or the gateway at an address. */
export interface DeskAttendance {
  readonly kind: "gateway" | "window";
  readonly address: string;
  readonly since: number;
}

/** A program that shows pages came or went. */
export interface DeskAttendanceChanged {
  readonly attending: readonly (DeskAttendance)[];
}

/** How pages look here, and which programs show them now. */
export type DeskGetPreferences = Readonly<Record<string, never>>;

/** How many windows heard of it. */
export interface DeskHeard {
  readonly windows: number;
}

/** What pages need to know before anything else: how they look, and who attends. */
export interface DeskPreferences {
  readonly theme: string;
  readonly density: string;
  readonly language: string;
  readonly motion: string;
  readonly scale: number;
  readonly first_run_done: boolean;
  readonly attending: readonly (DeskAttendance)[];
}

/** A hotkey was pressed or released: have the window do what it stands for. */
export interface DeskPress {
  readonly action: "insert" | "palette" | "pause" | "talk" | "toggle";
  readonly phase?: "press" | "release" | "tap";
}

/** A hotkey was pressed, released, or both. */
export interface DeskPressed {
  readonly action: "insert" | "palette" | "pause" | "talk" | "toggle";
  readonly phase: "press" | "release" | "tap";
}

/** A page or browser asked for what it may not: have it in the audit log, 500 characters at most. */
export interface DeskRefused {
  readonly what: string;
  readonly sentence: string;
}

/** Have the window come to the front: at a page (`/dictate`), with its `palette`, or as it is. */
export interface DeskShow {
  readonly page?: string;
}

/** Take a model into the home, whole or not at all. */
export interface DictateAddModel {
  readonly source: string;
  readonly name?: string;
}

/** The kept audio of one utterance, as a descriptor of a FLAC file beside the result. */
export interface DictateAudio {
  readonly utterance: string;
}

/** PCM pushed by a client: signed 16-bit little-endian, mono, 16 kHz; at most 64 KiB. */
export interface DictateAudioChunkInput {
  readonly data?: Base64;
  readonly as_words?: boolean;
}

/** What a decoded file was. `truncated`: it broke off, and what could be read is kept. */
export interface DictateAudioInfo {
  readonly container: string;
  readonly codec: string;
  readonly sample_rate: number;
  readonly channels: number;
  readonly seconds: number;
  readonly truncated: boolean;
  readonly notes: readonly (DictateNote)[];
}

/** Samples up to `upto` are on disk; `final` says that the segment ends there. */
export interface DictateAvailableInput {
  readonly upto: number;
  readonly final?: boolean;
  readonly maybe_final?: boolean;
  readonly cut?: boolean;
}

/** A silence within a segment; `word` is the place of the word after it, as white space parts them. */
export interface DictateBreak {
  readonly word: number;
  readonly seconds: number;
}

/** Capture the audio of the input stream to the spool (its descriptor) until the stream ends. */
export interface DictateCapture {
  readonly again?: number;
}

/** What capturing tells: `durable` samples are in the spool; speech began or ended; the level; a state. */
export interface DictateCaptureItem {
  readonly kind: "durable" | "level" | "speech_end" | "speech_pause" | "speech_resume" | "speech_start" | "state";
  readonly durable: number;
  readonly start: number;
  readonly end: number;
  readonly cut: boolean;
  readonly level: number;
  readonly state: string;
  readonly problem: string;
}

/** How a capture ended; `problem` tells why, where it was not the user's wish. */
export interface DictateCaptured {
  readonly samples: number;
  readonly problem: string;
}

/** The text of an utterance was corrected, or it was brought back. */
export interface DictateChanged {
  readonly utterance: string;
}

/** Clean a `HeardText` and carry out the `commands` in it; the `CleanedText` comes beside the result. */
export interface DictateClean {
  readonly mode?: "free" | "spelling";
  readonly engine?: string;
  readonly commands?: boolean;
}

/** Look at, clear or restore all that a profile dictated, as `dictate.discard` and `undelete` do. */
export interface DictateClear {
  readonly act?: "clear" | "look" | "restore";
  readonly clearing?: string;
  readonly until?: number;
}

/** Decode an audio file (first descriptor) to the spool (second), telling each stretch of speech. */
export interface DictateDecodeAudio {
  readonly name: string;
  readonly limit_seconds: number;
  readonly track?: number;
}

/** Delete an utterance: its text and its audio. Cannot be undone, so it needs an approval. */
export interface DictateDelete {
  readonly utterance: string;
  readonly approval?: string;
}

export interface DictateDeleted {
  readonly utterance: string;
}

/** Tell that the text of an utterance reached where it was meant to go, or that it did not. */
export interface DictateDelivered {
  readonly utterance: string;
  readonly where: string;
  readonly problem?: string;
}

/** A sound device; a `monitor` is a microphone that hears what a speaker plays, not a room. */
export interface DictateDevice {
  readonly id: string;
  readonly name: string;
  readonly kind: "microphone" | "speaker";
  readonly default: boolean;
  readonly monitor: boolean;
}

export interface DictateDevices {
  readonly devices: readonly (DictateDevice)[];
}

/** How a dictation ended; the text is fetched with `dictate.get`, page by page. */
export interface DictateDictated {
  readonly utterance: string;
  readonly state: "captured" | "capturing" | "cleaned" | "delivered" | "held" | "paused" | "transcribed";
  readonly engine: string;
  readonly quality: string;
  readonly audio_seconds: number;
  readonly decode_seconds: number;
  readonly segments: number;
  readonly note: string;
}

/** What a running dictation tells: partial text of the current segment, the final text of one, the level of the microphone (dBFS), a change of state (`listening`, `paused`, `muted`), a command that was heard, one that was made words again (`text` is empty where there is none), a mode that is on from now (`text` is its name, empty where none is), or, where the client asked for that with `resumes`, how many samples are kept: pushed sound goes on from the first told of. */
export interface DictateDictationItem {
  readonly kind: "command" | "final" | "kept" | "level" | "mode" | "partial" | "state" | "words";
  readonly text: string;
  readonly segment: number;
  readonly start: number;
  readonly end: number;
  readonly level: number;
  readonly quality: string;
  readonly kept: number;
}

/** Delete utterances so that it can be taken back until the grace time is over; 1,000 at most. */
export interface DictateDiscard {
  readonly utterances: readonly (string)[];
}

/** Those that were deleted, or brought back, and until when that can be taken back (0: for good). */
export interface DictateDiscarded {
  readonly utterances: readonly (string)[];
  readonly until: number;
}

/** Correct the text of an utterance; what was heard and each text before stay among its versions. */
export interface DictateEdit {
  readonly utterance: string;
  readonly text: string | null;
}

/** Encode a spool (first descriptor) as FLAC into the second. */
export type DictateEncodeAudio = Readonly<Record<string, never>>;

export interface DictateEncoded {
  readonly bytes: number;
}

/** An engine, whether it can be used now, and what is missing where it cannot. */
export interface DictateEngineStatus {
  readonly name: string;
  readonly quality: string;
  readonly available: boolean;
  readonly reason: string;
  readonly meant: boolean;
  readonly model: string;
  readonly licence: string;
  readonly origin: string;
}

export interface DictateEngines {
  readonly engines: readonly (DictateEngineStatus)[];
}

/** What a person who wants to dictate has to know: engines, microphones, files. Opens no microphone. */
export type DictateExamine = Readonly<Record<string, never>>;

/** One file of the texts of utterances, as a descriptor beside the result. */
export interface DictateExport {
  readonly form: "json" | "markdown" | "srt" | "text" | "vtt";
  readonly utterances?: readonly (string)[];
  readonly only?: DictateFilterInput;
  readonly raw?: boolean;
}

/** A file lies beside this: what it may be called, and of how many utterances it is. */
export interface DictateExported {
  readonly name: string;
  readonly utterances: number;
  readonly bytes: number;
}

/** What is looked for: all that is given has to be true of an utterance. */
export interface DictateFilterInput {
  readonly query?: string;
  readonly since?: number;
  readonly until?: number;
  readonly engine?: string;
  readonly source?: "" | "file" | "microphone" | "push";
  readonly remarked?: boolean;
  readonly deleted?: boolean;
}

/** A transcript is kept. Of a very long one `text` is the beginning; `dictate.get` has all of it. */
export interface DictateFinished {
  readonly utterance: string;
  readonly text: string;
  readonly engine: string;
  readonly quality: string;
}

/** The transcript of one utterance as it is kept: `limit` segments from number `first` on. */
export interface DictateGet {
  readonly utterance: string;
  readonly first?: number;
  readonly limit?: number;
}

/** List utterances, newest first; `query` keeps those whose text contains all its words. */
export interface DictateHistory {
  readonly limit?: number;
  readonly query?: string;
  readonly before?: string;
  readonly only?: DictateFilterInput;
  readonly skip?: number;
  readonly count?: boolean;
  readonly characters?: number;
}

/** What an engine heard. `grammar` is what the command grammar alone would have heard, and `doubt` by how much (a logarithm) the engine holds its own text to be likelier than that, None where it does not tell. */
export interface DictateHypothesis {
  readonly text: string;
  readonly words: readonly (DictateRecognisedWord)[];
  readonly engine: string;
  readonly quality: string;
  readonly decode_seconds: number;
  readonly grammar: string;
  readonly breaks: readonly (DictateBreak)[];
  readonly doubt: number | null;
}

/** Take an audio file (its descriptor comes with the command) into the store. */
export interface DictateImport {
  readonly name: string;
}

export interface DictateImported {
  readonly utterance: string;
  readonly bytes: number;
}

/** The microphones and speakers that are there now. */
export type DictateListDevices = Readonly<Record<string, never>>;

/** The engines Garret knows, and which of them can be used now. */
export type DictateListEngines = Readonly<Record<string, never>>;

/** The models in this home, the packs that are known, and folders that are used. */
export type DictateListModels = Readonly<Record<string, never>>;

/** The table of spoken commands as it is for the profile in force. */
export type DictateListPhrases = Readonly<Record<string, never>>;

/** The texts that an utterance has and had, the newest first, 100 at most. */
export interface DictateListVersions {
  readonly utterance: string;
}

/** Dictate live, from a microphone or from audio the client pushes, until stopped. */
export interface DictateListen {
  readonly source: "microphone" | "push";
  readonly key?: string;
  readonly device?: string;
  readonly engine?: string;
  readonly mode?: "free" | "spelling";
  readonly partials?: boolean;
  readonly name?: string;
  readonly resumes?: boolean;
  readonly commands?: boolean;
}

/** So many utterances were deleted in one act, or came back in one. */
export interface DictateManyChanged {
  readonly count: number;
  readonly restored: boolean;
}

/** A model in the home, a known pack, or a folder that a setting names. */
export interface DictateModelInfo {
  readonly name: string;
  readonly state: string;
  readonly engine: string;
  readonly bytes: number;
  readonly languages: readonly (string)[];
  readonly licence: string;
  readonly origin: string;
  readonly used: boolean;
}

export interface DictateModels {
  readonly models: readonly (DictateModelInfo)[];
}

/** A remark on the sound of an utterance, as a sentence, and the seconds that it is about. */
export interface DictateNote {
  readonly kind: string;
  readonly sentence: string;
  readonly start: number;
  readonly end: number;
}

export interface DictatePartial {
  readonly text: string;
}

/** Pause a live dictation, or go on with it, in the same utterance; what sounds meanwhile is not kept. */
export interface DictatePause {
  readonly utterance?: string;
  readonly paused?: boolean | null;
}

/** A live dictation was paused: its microphone is closed now. Or it goes on. */
export interface DictatePauseChanged {
  readonly utterance: string;
  readonly paused: boolean;
}

/** Whether dictations are paused now, and how many. */
export interface DictatePausing {
  readonly paused: boolean;
  readonly dictations: number;
}

/** A spoken command: what is said, what it does, what it `writes`, and where in speech it counts. */
export interface DictatePhrase {
  readonly phrase: string;
  readonly does: string;
  readonly writes: string;
  readonly places: readonly (string)[];
  readonly own: boolean;
  readonly off: boolean;
}

/** `all_off`: no spoken command is carried out at all. `problem`: why the person's own are not used. */
export interface DictatePhrases {
  readonly phrases: readonly (DictatePhrase)[];
  readonly actions: readonly (string)[];
  readonly all_off: boolean;
  readonly problem: string;
}

/** A word with its times in seconds, and a confidence from 0 to 1 where the engine has one. */
export interface DictateRecognisedWord {
  readonly start: number;
  readonly end: number;
  readonly word: string;
  readonly confidence: number | null;
}

/** Recognise a segment of the spool (its descriptor) from sample `start`. */
export interface DictateRecognize {
  readonly start: number;
  readonly end?: number;
  readonly engine?: string;
  readonly model?: string;
  readonly mode?: "free" | "spelling";
  readonly partials?: boolean;
  readonly commands?: boolean;
  readonly cut?: boolean;
  readonly before?: string;
  readonly speech?: readonly (readonly [number, number])[];
}

/** Capture a microphone as `Capture` does, until the input stream, which carries nothing, ends. */
export interface DictateRecord {
  readonly device?: string;
  readonly again?: number;
}

/** Remove a model from the home. The one in use is refused unless `used` says that this is meant. */
export interface DictateRemoveModel {
  readonly name: string;
  readonly used?: boolean;
}

/** Put `Documents` into a form; the `Rendered` comes beside the result, as they come: in bulks. */
export interface DictateRender {
  readonly form: "json" | "markdown" | "srt" | "text" | "vtt";
  readonly raw?: boolean;
}

/** Find the speech in a spool whose capture was cut off, before sample `upto`; 0 is the end of it. */
export interface DictateRescue {
  readonly upto?: number;
}

export interface DictateRescued {
  readonly samples: number;
  readonly segments: readonly (DictateSpeechSegment)[];
}

/** Make what was taken for a spoken command words of the text again, and undo what it did. */
export interface DictateRestoreWords {
  readonly utterance: string;
  readonly number?: number;
  readonly key?: string;
}

/** Have a version's text count again, as a new correction; nothing between is lost. */
export interface DictateRevert {
  readonly utterance: string;
  readonly version: string;
}

/** Speech found between `start` and `end`, in samples. `cut`: it goes on there, in the next segment. */
export interface DictateSpeechSegment {
  readonly start: number;
  readonly end: number;
  readonly cut: boolean;
}

/** A spoken command that was heard: its `words` and their times, and what it `did`, its action. */
export interface DictateSpokenCommand {
  readonly number: number;
  readonly start: number;
  readonly end: number;
  readonly words: string;
  readonly did: string;
  readonly first: number;
  readonly restored: boolean;
}

export interface DictateStarted {
  readonly utterance: string;
  readonly source: string;
}

/** End a live dictation: what was heard is transcribed. Without an utterance: the current one. */
export interface DictateStop {
  readonly utterance?: string;
}

/** Turn an utterance that is in the store into text. */
export interface DictateTranscribe {
  readonly utterance: string;
  readonly key?: string;
  readonly engine?: string;
  readonly mode?: "free" | "spelling";
  readonly start_from?: "captured" | "cleaned" | "transcribed";
  readonly partials?: boolean;
  readonly track?: number;
  readonly commands?: boolean;
}

/** An utterance as text. `quality` is the engine's own label; `segments` is one page of `total`. */
export interface DictateTranscript {
  readonly utterance: string;
  readonly engine: string;
  readonly quality: string;
  readonly raw: string;
  readonly text: string;
  readonly audio_seconds: number;
  readonly decode_seconds: number;
  readonly segments: readonly (DictateTranscriptSegment)[];
  readonly total: number;
  readonly state: "captured" | "capturing" | "cleaned" | "delivered" | "held" | "paused" | "transcribed";
  readonly note: string;
  readonly notes: readonly (DictateNote)[];
  readonly stages: Readonly<Record<string, number>>;
  readonly edited: boolean;
  readonly cleaned: string;
}

/** A stretch of speech between two silences; `text` is cleaned, `raw` and `words` as recognised. */
export interface DictateTranscriptSegment {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly raw: string;
  readonly words: readonly (DictateRecognisedWord)[];
  readonly commands: readonly (DictateSpokenCommand)[];
  readonly gone: readonly (readonly [number, number])[];
  readonly capitals: boolean;
}

/** Bring back utterances that were deleted and whose grace time is not over. All or none. */
export interface DictateUndelete {
  readonly utterances: readonly (string)[];
}

/** Use a model that is in the home, with its engine, from the next dictation on. */
export interface DictateUseModel {
  readonly name: string;
}

/** An utterance as the history lists it; of very long texts the beginning, `dictate.get` has the whole. */
export interface DictateUtterance {
  readonly id: string;
  readonly state: "captured" | "capturing" | "cleaned" | "delivered" | "held" | "paused" | "transcribed";
  readonly source: string;
  readonly created: number;
  readonly audio_seconds: number;
  readonly engine: string;
  readonly quality: string;
  readonly raw: string;
  readonly text: string;
  readonly error: string;
  readonly job: string;
  readonly has_audio: boolean;
  readonly edited: boolean;
  readonly deleted: number;
  readonly note: string;
}

/** A page of the history; `total` is how many there are on all pages where that was asked, else -1. */
export interface DictateUtterances {
  readonly utterances: readonly (DictateUtterance)[];
  readonly total: number;
}

/** A text that an utterance has or had, its beginning where it is long; `made` in seconds since 1970. */
export interface DictateVersion {
  readonly id: string;
  readonly made: number;
  readonly kind: "correction" | "transcript";
  readonly text: string;
  readonly raw: string;
  readonly engine: string;
  readonly quality: string;
  readonly counts: boolean;
}

export interface DictateVersions {
  readonly versions: readonly (DictateVersion)[];
}

/** What was looked at, how it is in a sentence, and what to do if it is not well. */
export interface Finding {
  readonly name: string;
  readonly status: Status;
  readonly sentence: string;
  readonly remedy: string;
}

/** The result of a room's examination, in the order in which a person should read it. */
export interface Findings {
  readonly findings: readonly (Finding)[];
}

/** Of a stream that several watch: `items` passed that this watcher did not get, since it had no credit for them or came late. It costs no credit itself. */
export interface Gap {
  readonly items: number;
}

/** Say that the gateway serves at `address`, and take orders until it ends. There is one a home. */
export interface GatewayAttendGateway {
  readonly address: string;
  readonly tls: boolean;
  readonly lan: boolean;
  readonly pid: number;
}

/** A browser that was let in. `program` is what it calls itself, `peer` the address it came from. */
export interface GatewayBrowserSession {
  readonly id: string;
  readonly created: number;
  readonly seen: number;
  readonly program: string;
  readonly peer: string;
  readonly pages: number;
}

/** The browsers that are let in, the oldest first. */
export interface GatewayBrowserSessions {
  readonly sessions: readonly (GatewayBrowserSession)[];
}

/** What came of an order; `problem` is a sentence where it could not be carried out. */
export interface GatewayGatewayAnswerInput {
  readonly number: number;
  readonly sessions?: readonly (GatewayBrowserSession)[];
  readonly link?: string;
  readonly seconds?: number;
  readonly problem?: string;
}

/** The end of `gateway.attend`: the gateway is to end. */
export type GatewayGatewayDismissed = Readonly<Record<string, never>>;

/** What the house asks of the gateway; answered under the same number, but for `begun` and `stop`. */
export interface GatewayGatewayOrder {
  readonly number: number;
  readonly what: "begun" | "invite" | "revoke" | "sessions" | "stop";
  readonly session: string;
}

/** Whether the gateway runs; `address` is where a browser finds it, `pid` the process it ends with. */
export interface GatewayGatewayState {
  readonly on: boolean;
  readonly address: string;
  readonly tls: boolean;
  readonly lan: boolean;
  readonly since: number;
  readonly pid: number;
}

/** Whether Garret's pages are served to browsers, and where. */
export type GatewayGetGateway = Readonly<Record<string, never>>;

/** A link that lets one browser in, once, within `seconds`. */
export interface GatewayInvitation {
  readonly link: string;
  readonly seconds: number;
}

/** Make a link that lets one more browser in. */
export type GatewayInviteBrowser = Readonly<Record<string, never>>;

/** The browsers that are let in. */
export type GatewayListBrowserSessions = Readonly<Record<string, never>>;

/** Ask whether the gateway may be started at an address: refused where one runs already. */
export interface GatewayPrepareGateway {
  readonly address: string;
  readonly lan?: boolean;
}

/** Let a browser in no more, and cut what it has open; `session` is an id of `gateway.sessions`. */
export interface GatewayRevokeSession {
  readonly session: string;
}

/** End the gateway, and with it all its sessions. */
export type GatewayStopGateway = Readonly<Record<string, never>>;

/** What a room keeps for a profile, by kind: a plural in plain words, how many, and their bytes. */
export interface Holding {
  readonly kind: string;
  readonly count: number;
  readonly bytes: number;
}

/** A command that waited for a consent has it, or was refused. */
export interface HouseApprovalDecided {
  readonly request: string;
  readonly command: string;
  readonly name: string;
  readonly granted: boolean;
}

/** A command that waits for a consent. `payload` is what is consented to, byte for byte, `arguments` what it says; `summary` tells what such a command does. `job` is the job it is, if it is one. */
export interface HouseApprovalRequest {
  readonly id: string;
  readonly command: string;
  readonly summary: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly payload: Base64;
  readonly role: string;
  readonly name: string;
  readonly profile: string;
  readonly workspace: string;
  readonly job: string;
  readonly asked: number;
  readonly until: number;
}

/** A command waits for somebody's consent until `until` (seconds since 1970). */
export interface HouseApprovalRequested {
  readonly request: string;
  readonly command: string;
  readonly role: string;
  readonly name: string;
  readonly profile: string;
  readonly workspace: string;
  readonly until: number;
}

export interface HouseApprovalRequests {
  readonly requests: readonly (HouseApprovalRequest)[];
}

export interface HouseApprovalToken {
  readonly token: string;
  readonly expires: number;
}

/** Approve one command, exactly as given, once, within 120 seconds. */
export interface HouseApprove {
  readonly command: string;
  readonly payload: Base64;
}

export interface HouseAuditEntries {
  readonly entries: readonly (HouseAuditEntry)[];
}

export interface HouseAuditEntry {
  readonly number: number;
  readonly at: number;
  readonly role: string;
  readonly profile: string;
  readonly action: string;
  readonly outcome: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Whether the chain holds; `problem` names the first entry that does not. */
export interface HouseAuditVerdict {
  readonly intact: boolean;
  readonly entries: number;
  readonly head: string;
  readonly problem: string;
}

/** Write a backup of everything durable to one file; `path` empty: into the home's backups folder. */
export interface HouseBackup {
  readonly path?: string;
  readonly passphrase?: string;
}

/** `left_out` are the ids of kept files that are damaged and therefore not in the backup. */
export interface HouseBackupDone {
  readonly path: string;
  readonly bytes: number;
  readonly blobs: number;
  readonly keys: boolean;
  readonly left_out: readonly (string)[];
}

/** A backup by what it says of itself; `keys` says whether it can be restored elsewhere. */
export interface HouseBackupFile {
  readonly path: string;
  readonly created: number;
  readonly bytes: number;
  readonly blobs: number;
  readonly keys: boolean;
  readonly left_out: readonly (string)[];
}

/** Whether every part of a backup is what the backup says it is; `problem` names the first that is not. */
export interface HouseBackupVerdict {
  readonly sound: boolean;
  readonly bytes: number;
  readonly problem: string;
}

/** Cancel a job that is waiting or running. */
export interface HouseCancelJob {
  readonly job: string;
}

export interface HouseCheck {
  readonly name: string;
  readonly outcome: "fail" | "ok" | "warn";
  readonly sentence: string;
  readonly remedy: string;
}

/** Delete all in all rooms that is of the profile in force and was made `until` then (seconds since 1970). */
export interface HouseClearOwn {
  readonly until: number;
  readonly key?: string;
}

/** What was cleared, or came back, under the name `clearing`. */
export interface HouseClearedAll {
  readonly clearing: string;
  readonly count: number;
  readonly busy: number;
  readonly until: number;
}

/** Close the way out: `all`, a host, or `room:`, `worker:`, `profile:` or `workspace:NAME`. */
export interface HouseCloseEgress {
  readonly what: string;
}

/** Refuse one waiting command; its requester is told. */
export interface HouseDenyApproval {
  readonly request: string;
}

/** Examine the machine and the house, and say what to do about what is not well. */
export type HouseDiagnose = Readonly<Record<string, never>>;

export interface HouseDiagnosis {
  readonly checks: readonly (HouseCheck)[];
}

/** Forget an entry for good; it is not delivered. */
export interface HouseDiscardOutboxEntry {
  readonly entry: string;
}

/** `offline` is why nothing may leave, or empty; `closed` the rules that close single ways. */
export interface HouseEgressState {
  readonly offline: string;
  readonly closed: readonly (string)[];
  readonly open: readonly (HouseWay)[];
  readonly granted: readonly (HouseGranted)[];
}

/** What is open to the outside now, what is closed, and which destinations there are. */
export type HouseGetEgress = Readonly<Record<string, never>>;

/** What the rooms keep of one's own: what `house.clear` would take. */
export type HouseGetHoldings = Readonly<Record<string, never>>;

/** Who asks, and what they may do: so that a page offers nothing that is refused. */
export type HouseGetIdentity = Readonly<Record<string, never>>;

/** One job. */
export interface HouseGetJob {
  readonly job: string;
}

/** One entry of the outbox. */
export interface HouseGetOutboxEntry {
  readonly entry: string;
}

/** One schedule with its last runs. */
export interface HouseGetSchedule {
  readonly schedule: string;
}

/** What runs, how it is, and how long things take. */
export type HouseGetStatus = Readonly<Record<string, never>>;

/** How much room everything takes, and which backups there are. */
export type HouseGetStorage = Readonly<Record<string, never>>;

/** Consent to one waiting command, exactly as it was asked for: it goes on. */
export interface HouseGrantApproval {
  readonly request: string;
}

/** A destination of a worker, as its manifest has it. */
export interface HouseGranted {
  readonly room: string;
  readonly worker: string;
  readonly host: string;
  readonly ports: readonly (number)[];
  readonly transport: string;
  readonly why: string;
}

/** What there is of the profile in force at a moment, in seconds since 1970. */
export interface HouseHoldings {
  readonly at: number;
  readonly profile: string;
  readonly rooms: readonly (HouseRoomHoldings)[];
}

/** Who asks: the kind of program and the person, and all that the two together may do. */
export interface HouseIdentity {
  readonly role: string;
  readonly profile: string;
  readonly capabilities: readonly (string)[];
}

export interface HouseJob {
  readonly id: string;
  readonly command: string;
  readonly state: string;
  readonly created: number;
  readonly updated: number;
  readonly attempts: number;
  readonly priority: number;
  readonly fraction: number;
  readonly note: string;
  readonly error: string;
  readonly profile: string;
}

export interface HouseJobChanged {
  readonly job: string;
  readonly command: string;
  readonly state: string;
  readonly fraction: number;
  readonly note: string;
}

/** How a job came to its state, in plain sentences. */
export interface HouseJobStory {
  readonly job: string;
}

export interface HouseJobs {
  readonly jobs: readonly (HouseJob)[];
}

/** Milliseconds of one command in one stage (queue, worker, store, total). */
export interface HouseLatency {
  readonly name: string;
  readonly stage: string;
  readonly count: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
}

/** The commands that wait for a consent, oldest first. */
export type HouseListApprovals = Readonly<Record<string, never>>;

/** Jobs, newest first. */
export interface HouseListJobs {
  readonly limit?: number;
  readonly state?: string;
}

/** What is in the outbox, newest first: all that waits or is dead, or what is in `state`. */
export interface HouseListOutbox {
  readonly limit?: number;
  readonly state?: string;
}

/** The profiles and the one in force. */
export type HouseListProfiles = Readonly<Record<string, never>>;

/** What is to be done later, the next due first. */
export interface HouseListSchedules {
  readonly room?: string;
  readonly limit?: number;
}

/** The names of the secrets, never their values, and where they are kept. */
export type HouseListSecrets = Readonly<Record<string, never>>;

/** All settings with their values; with `key` only that one. */
export interface HouseListSettings {
  readonly key?: string;
}

/** Every worker and outside program, and its state. */
export type HouseListWorkers = Readonly<Record<string, never>>;

export interface HouseLogLine {
  readonly id: number;
  readonly at: number;
  readonly level: string;
  readonly source: string;
  readonly message: string;
}

export interface HouseLogs {
  readonly lines: readonly (HouseLogLine)[];
}

/** Take back what closed the way out. */
export interface HouseOpenEgress {
  readonly what: string;
}

/** An attempt to deliver an entry of the outbox has ended; `state` is waiting, dead or delivered. */
export interface HouseOutboxChanged {
  readonly entry: string;
  readonly room: string;
  readonly destination: string;
  readonly state: string;
}

export interface HouseOutboxEntries {
  readonly entries: readonly (HouseOutboxEntry)[];
}

/** Something that has to reach somebody outside: waiting, dead or delivered. */
export interface HouseOutboxEntry {
  readonly id: string;
  readonly room: string;
  readonly destination: string;
  readonly state: string;
  readonly created: number;
  readonly attempts: number;
  readonly due: number;
  readonly until: number;
  readonly key: string;
  readonly reason: string;
  readonly held: string;
  readonly cause: string;
  readonly profile: string;
  readonly workspace: string;
}

/** Have a schedule rest until it is resumed. */
export interface HousePauseSchedule {
  readonly schedule: string;
}

export interface HouseProfileChanged {
  readonly profile: string;
}

export interface HouseProfiles {
  readonly current: string;
  readonly profiles: readonly (string)[];
  readonly pin_set: boolean;
}

/** A bounded queue: of a kind of worker, of jobs, of storage. `places` is how many run at once. */
export interface HouseQueue {
  readonly name: string;
  readonly waiting: number;
  readonly limit: number;
  readonly running: number;
  readonly places: number;
  readonly refused: number;
}

/** Audit entries, newest first. */
export interface HouseReadAudit {
  readonly limit?: number;
  readonly outcome?: string;
}

/** Connections that ended or were refused: the newest, or those after the row `after`. */
export interface HouseReadEgress {
  readonly limit?: number;
  readonly after?: number;
  readonly verdict?: string;
  readonly room?: string;
  readonly host?: string;
}

/** Log lines, oldest first: the last `limit`, or those after the line `after`. */
export interface HouseReadLogs {
  readonly limit?: number;
  readonly after?: number;
  readonly worker?: string;
  readonly level?: string;
}

/** Rebuild all tables that are made from objects. */
export type HouseRebuild = Readonly<Record<string, never>>;

/** Forget a schedule. */
export interface HouseRemoveSchedule {
  readonly schedule: string;
}

/** For the gateway: have what other machines were shown in the log of the way out. */
export interface HouseReportShown {
  readonly to: readonly (HouseShownTo)[];
}

/** Replace the processes of a worker, new one first; closes an open circuit. */
export interface HouseRestartWorker {
  readonly name: string;
}

/** Bring back what was cleared under a name. */
export interface HouseRestoreCleared {
  readonly clearing: string;
  readonly key?: string;
}

/** Have a paused schedule go on from now; what passed meanwhile was not missed. */
export interface HouseResumeSchedule {
  readonly schedule: string;
}

/** Run a failed or cancelled job again. */
export interface HouseRetryJob {
  readonly job: string;
}

/** Try an entry at once that waits or is dead, with all its time anew. */
export interface HouseRetryOutboxEntry {
  readonly entry: string;
}

/** What a room keeps of one's own, and what of it was cleared and can come back. */
export interface HouseRoomHoldings {
  readonly room: string;
  readonly holdings: readonly (Holding)[];
  readonly restorable: readonly (Restorable)[];
}

/** Make one run of a schedule more, now, for whom it was planned. */
export interface HouseRunSchedule {
  readonly schedule: string;
}

/** What is to be done later: active, paused or done. `due` is 0 where no moment is known. */
export interface HouseSchedule {
  readonly id: string;
  readonly room: string;
  readonly key: string;
  readonly rule: string;
  readonly does: string;
  readonly state: string;
  readonly due: number;
  readonly missed: string;
  readonly created: number;
  readonly profile: string;
  readonly workspace: string;
  readonly runs: readonly (HouseScheduleRun)[];
}

/** One time that a schedule was due: waiting, done or refused. */
export interface HouseScheduleRun {
  readonly due: number;
  readonly state: string;
  readonly job: string;
  readonly note: string;
}

export interface HouseSchedules {
  readonly schedules: readonly (HouseSchedule)[];
}

/** Seal the key file with a passphrase that will be asked for at every start. */
export interface HouseSealSecrets {
  readonly passphrase: string;
}

export interface HouseSecretNames {
  readonly names: readonly (string)[];
  readonly kept_in: string;
  readonly health: string;
}

/** Set the PIN that leaving the guest and child profiles asks for (4 to 32 characters). */
export interface HouseSetPin {
  readonly pin: string;
}

/** Keep a secret under a name; None deletes it. */
export interface HouseSetSecret {
  readonly name: string;
  readonly value: string | null;
}

/** Change a setting; `value` as a person types it. None puts the default back. */
export interface HouseSetSetting {
  readonly key: string;
  readonly value: string | null;
}

export interface HouseSettingChanged {
  readonly key: string;
  readonly value: string;
}

/** A setting as a person sees it: values as they are typed, and what its definition allows. */
export interface HouseSettingInfo {
  readonly key: string;
  readonly value: string;
  readonly source: string;
  readonly sentence: string;
  readonly default: string;
  readonly problem: string;
  readonly type: string;
  readonly choices: readonly (string)[];
  readonly limits: readonly [number | null, number | null];
  readonly own: boolean;
  readonly room: string;
}

export interface HouseSettingInfos {
  readonly settings: readonly (HouseSettingInfo)[];
}

/** A setting was changed. What it is now is not told: who may not read settings hears of it too, and asks anew for what depends on it. */
export interface HouseSettingTouched {
  readonly key: string;
}

/** What browsers at an address of another machine were shown (`sent`) and said, in bytes, since `at`. */
export interface HouseShownTo {
  readonly at: number;
  readonly address: string;
  readonly port: number;
  readonly sent: number;
  readonly received: number;
  readonly seconds: number;
}

/** Drain the workers and stop. Running jobs are resumed at the next start. */
export type HouseShutdown = Readonly<Record<string, never>>;

export interface HouseStatus {
  readonly version: string;
  readonly build: string;
  readonly pid: number;
  readonly home: string;
  readonly profile: string;
  readonly storage: string;
  readonly uptime_seconds: number;
  readonly memory_bytes: number;
  readonly clients: number;
  readonly jobs: Readonly<Record<string, number>>;
  readonly workers: readonly (HouseWorkerStatus)[];
  readonly latencies: readonly (HouseLatency)[];
  readonly counters: Readonly<Record<string, number>>;
  readonly notices: readonly (string)[];
  readonly queues: readonly (HouseQueue)[];
}

export interface HouseStorageChanged {
  readonly mode: string;
  readonly sentence: string;
}

/** A part of the home and the bytes it takes. */
export interface HouseStoragePart {
  readonly name: "backups" | "cache" | "database" | "files" | "index" | "models" | "spool";
  readonly bytes: number;
}

/** What the home takes, what the disk has left, and the backups in the home's own folder. */
export interface HouseStorageReport {
  readonly home: string;
  readonly mode: string;
  readonly sentence: string;
  readonly parts: readonly (HouseStoragePart)[];
  readonly free_bytes: number;
  readonly disk_bytes: number;
  readonly backups: readonly (HouseBackupFile)[];
}

export interface HouseStory {
  readonly lines: readonly (string)[];
}

/** Receive the events whose name matches `pattern` (`*` stands for anything) until it is cancelled. */
export interface HouseSubscribe {
  readonly pattern?: string;
}

/** Switch the profile. Leaving guest or child asks for the PIN. */
export interface HouseUseProfile {
  readonly profile: string;
  readonly pin?: string;
}

/** Check the whole audit chain. */
export type HouseVerifyAudit = Readonly<Record<string, never>>;

/** Read a backup whole and compare each part with its hash. Changes nothing. */
export interface HouseVerifyBackup {
  readonly path: string;
}

/** A connection: who, where, how much (bytes), how long (seconds). */
export interface HouseWay {
  readonly id: number;
  readonly at: number;
  readonly room: string;
  readonly worker: string;
  readonly command: string;
  readonly profile: string;
  readonly workspace: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly transport: string;
  readonly sent: number;
  readonly received: number;
  readonly seconds: number;
  readonly verdict: string;
  readonly reason: string;
}

export interface HouseWays {
  readonly ways: readonly (HouseWay)[];
}

export interface HouseWorkerChanged {
  readonly name: string;
  readonly slot: number;
  readonly state: string;
  readonly sentence: string;
}

/** One process of a kind of worker, or an outside program. */
export interface HouseWorkerStatus {
  readonly name: string;
  readonly slot: number;
  readonly state: string;
  readonly pid: number;
  readonly restarts: number;
  readonly running: number;
  readonly waiting: number;
  readonly memory_bytes: number;
  readonly sentence: string;
  readonly unenforced: readonly (string)[];
  readonly outside: boolean;
}

export interface HouseWorkers {
  readonly workers: readonly (HouseWorkerStatus)[];
}

/** Whether a model can be asked now: `where` is its host, `cloud` that it is not on this machine. */
export interface ModelsAvailable {
  readonly ready: boolean;
  readonly model: string;
  readonly where: string;
  readonly cloud: boolean;
  readonly why: string;
}

/** Have the model of the settings go on from messages, streamed as it comes. */
export interface ModelsComplete {
  readonly messages: readonly (ModelsMessage)[];
  readonly schema?: Readonly<Record<string, unknown>> | null;
  readonly most_tokens?: number;
  readonly temperature?: number;
}

/** What a model answered. `model` names it; tokens as its provider counts them, 0 where it does not. */
export interface ModelsCompletion {
  readonly text: string;
  readonly model: string;
  readonly stopped: "end" | "filter" | "length";
  readonly tokens_in: number;
  readonly tokens_out: number;
  readonly seconds: number;
  readonly first: number;
}

/** Whether a model is set, and whether it may be asked. */
export type ModelsExamine = Readonly<Record<string, never>>;

/** What the worker is asked: the same, with where and how. */
export interface ModelsGenerate {
  readonly provider: "anthropic" | "gemini" | "openai";
  readonly address: string;
  readonly model: string;
  readonly messages: readonly (ModelsMessage)[];
  readonly schema: Readonly<Record<string, unknown>> | null;
  readonly most_tokens: number;
  readonly temperature: number;
  readonly seconds: number;
}

/** Whether a model can be asked, which, and where; nothing is asked of it. */
export type ModelsGetAvailable = Readonly<Record<string, never>>;

/** One turn of a conversation. */
export interface ModelsMessage {
  readonly role: "assistant" | "system" | "user";
  readonly text: string;
}

/** Text as it comes. */
export interface ModelsPiece {
  readonly text: string;
}

/** The result of commands that answer nothing but that they are done. */
export type Nothing = Readonly<Record<string, never>>;

/** How far a job has come: a fraction (0..1, or negative where it is unknown) and a few words. */
export interface Progress {
  readonly fraction: number;
  readonly note: string;
}

/** What was cleared under a name and can come back: how many, cleared when, and until when, in seconds since 1970. */
export interface Restorable {
  readonly clearing: string;
  readonly count: number;
  readonly at: number;
  readonly until: number;
}

/** What `Render` asks of the synthesis worker. */
export interface SpeakCompute {
  readonly text: string;
  readonly voice?: string;
  readonly rate?: number;
  readonly pitch?: number;
  readonly volume?: number;
}

/** What a person who wants to hear speech has to know: engines, voice, loudspeakers. Plays nothing. */
export type SpeakExamine = Readonly<Record<string, never>>;

/** A text was said. Of a very long one `text` is the beginning. */
export interface SpeakFinished {
  readonly text: string;
  readonly seconds: number;
}

/** The loudspeakers that are there now. */
export type SpeakListSpeakers = Readonly<Record<string, never>>;

/** The voices that can speak now. */
export type SpeakListVoices = Readonly<Record<string, never>>;

/** An engine that cannot speak here, and why. */
export interface SpeakMissingEngine {
  readonly name: string;
  readonly reason: string;
}

/** Play the PCM that streams in, on one device, after what is queued there. */
export interface SpeakPlay {
  readonly device?: string;
}

export interface SpeakPlayed {
  readonly seconds: number;
}

/** Speak a text into a WAV file, handed over whole as sealed memory beside the result. */
export interface SpeakRender {
  readonly text: string;
  readonly voice?: string;
  readonly rate?: number;
  readonly pitch?: number;
  readonly volume?: number;
}

/** Speak a text on this machine's speaker, after what is already queued. */
export interface SpeakSay {
  readonly text: string;
  readonly key?: string;
  readonly voice?: string;
  readonly rate?: number;
  readonly device?: string;
}

export interface SpeakSpeaker {
  readonly id: string;
  readonly name: string;
  readonly default: boolean;
}

export interface SpeakSpeakers {
  readonly speakers: readonly (SpeakSpeaker)[];
}

/** A stretch of PCM: signed 16-bit little-endian, mono, at `sample_rate`. */
export interface SpeakSpeech {
  readonly sample_rate: number;
  readonly data: Base64;
}

/** What was said, in which voice, and how long it takes (seconds). */
export interface SpeakSpoken {
  readonly seconds: number;
  readonly voice: string;
  readonly engine: string;
  readonly quality: string;
  readonly sample_rate: number;
}

/** Stop what is being said and drop what is queued. */
export type SpeakStopSpeaking = Readonly<Record<string, never>>;

/** Speak a text as a stream of PCM, sentence by sentence. Rate in words a minute, 0: the voice's own. */
export interface SpeakSynthesize {
  readonly text: string;
  readonly voice?: string;
  readonly rate?: number;
  readonly pitch?: number;
  readonly volume?: number;
}

/** A voice that can speak. `quality` says in a word how it sounds. */
export interface SpeakVoice {
  readonly id: string;
  readonly name: string;
  readonly language: string;
  readonly engine: string;
  readonly quality: string;
}

/** Every voice, the default first, and the engines that have none here. */
export interface SpeakVoices {
  readonly voices: readonly (SpeakVoice)[];
  readonly missing: readonly (SpeakMissingEngine)[];
}

/** How what was looked at came out. */
export type Status = "ok" | "warn" | "fail";

/** Why a subscription ended that its subscriber did not end: `profile` in force may not hear of events. */
export interface SubscriptionEnded {
  readonly reason: "profile";
  readonly sequence: number;
}

/** One event by its name, and its workspace; `sequence` counts within the subscription, from 1. */
export interface Told {
  readonly sequence: number;
  readonly name: string;
  readonly event: unknown;
  readonly workspace: string;
}

/** What the person chose: the name of a file, never its path; None where they gave up. */
export interface WindowChoice {
  readonly name: string | null;
}

/** Put a text on the clipboard. */
export interface WindowCopy {
  readonly text: string;
}

/** What the running desktop allows. */
export interface WindowDesktop {
  readonly session: "other" | "wayland" | "x11";
  readonly tray: boolean;
  readonly notifications: boolean;
  readonly hotkeys: readonly (WindowStrategy)[];
  readonly insertion: readonly (WindowStrategy)[];
}

/** What the running desktop allows: hotkeys, insertion, tray, notifications. */
export type WindowGetDesktop = Readonly<Record<string, never>>;

/** An action's hotkey: `works` says that the desktop gave it to us, `sentence` why not. */
export interface WindowHotkey {
  readonly action: "insert" | "palette" | "pause" | "talk" | "toggle";
  readonly keys: string;
  readonly works: boolean;
  readonly sentence: string;
  readonly offer: string;
}

/** All hotkeys as they are registered. */
export interface WindowHotkeys {
  readonly hotkeys: readonly (WindowHotkey)[];
}

/** Put a text into the program that had the focus before the window, after `seconds`. */
export interface WindowInsert {
  readonly text: string;
  readonly seconds?: number;
}

/** What became of a text: `inserted`, `copied` (paste it yourself) or `held` back, and why. */
export interface WindowInserted {
  readonly outcome: "copied" | "held" | "inserted";
  readonly target: string;
  readonly reason: string;
}

/** The hotkeys, and whether each works. */
export type WindowListHotkeys = Readonly<Record<string, never>>;

/** Open a link in the system's browser: http, https and mailto only. */
export interface WindowOpenLink {
  readonly address: string;
}

/** Close the window and its tray icon; the control plane goes on. */
export type WindowQuit = Readonly<Record<string, never>>;

/** Save the file that waits under `ticket` where the person says, through the system's dialog. */
export interface WindowSaveFile {
  readonly ticket: string;
  readonly name: string;
}

/** One way to do something on this desktop: whether it works here, and why not. */
export interface WindowStrategy {
  readonly name: string;
  readonly works: boolean;
  readonly sentence: string;
}

/** Whether an action could have these keys; nothing changes. */
export interface WindowTryHotkey {
  readonly action: "insert" | "palette" | "pause" | "talk" | "toggle";
  readonly keys: string;
}

/** Show a notification, to see that they arrive. */
export type WindowTryNotification = Readonly<Record<string, never>>;

/** A `GarretError` on the wire. */
export interface WireError {
  readonly code: Code;
  readonly message: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Bytes as they stand in JSON (RFC 4648). */
export type Base64 = string;

/** Every command: what it is asked with, and what comes back. */
export interface Commands {
  /** Have the guard look at a query over the catalogue beside it. */
  readonly "asking.check": {
    readonly command: DataCheck;
    readonly result: DataChecked;
    readonly item: never;
    readonly input: never;
  };
  /** Put a question and the catalogue beside it into words for a model; `problem` is why it was refused. */
  readonly "asking.prompt": {
    readonly command: DataMakePrompt;
    readonly result: DataPrompt;
    readonly item: never;
    readonly input: never;
  };
  /** Read a question over the catalogue beside it, which is kept by its fingerprint and `revision`. */
  readonly "asking.translate": {
    readonly command: DataTranslate;
    readonly result: DataTranslation;
    readonly item: never;
    readonly input: never;
  };
  /** Capture the audio of the input stream to the spool (its descriptor) until the stream ends. */
  readonly "audio.capture": {
    readonly command: DictateCapture;
    readonly result: DictateCaptured;
    readonly item: DictateCaptureItem;
    readonly input: DictateAudioChunkInput;
  };
  /** Decode an audio file (first descriptor) to the spool (second), telling each stretch of speech. */
  readonly "audio.decode": {
    readonly command: DictateDecodeAudio;
    readonly result: DictateAudioInfo;
    readonly item: DictateSpeechSegment;
    readonly input: never;
  };
  /** Encode a spool (first descriptor) as FLAC into the second. */
  readonly "audio.encode": {
    readonly command: DictateEncodeAudio;
    readonly result: DictateEncoded;
    readonly item: never;
    readonly input: never;
  };
  /** Find the speech in a spool whose capture was cut off, before sample `upto`; 0 is the end of it. */
  readonly "audio.rescue": {
    readonly command: DictateRescue;
    readonly result: DictateRescued;
    readonly item: never;
    readonly input: never;
  };
  /** Try a source, and add it where it answers. The password goes into the keychain and nowhere else. */
  readonly "data.add": {
    readonly command: DataAddSource;
    readonly result: DataAdded;
    readonly item: never;
    readonly input: never;
  };
  /** What a source holds. `find` narrows by parts of names of tables and columns; `refresh` looks again. */
  readonly "data.catalogue": {
    readonly command: DataGetCatalogue;
    readonly result: DataCataloguePage;
    readonly item: never;
    readonly input: never;
  };
  /** Charts that fit a result; `kind` asks for one of them alone. */
  readonly "data.chart": {
    readonly command: DataChart;
    readonly result: DataCharts;
    readonly item: never;
    readonly input: never;
  };
  /** Look at, clear or bring back all that one asked and added. */
  readonly "data.clear": {
    readonly command: DataClear;
    readonly result: Cleared;
    readonly item: never;
    readonly input: never;
  };
  /** One's own dashboards in this workspace. */
  readonly "data.dashboards": {
    readonly command: DataListDashboards;
    readonly result: DataDashboards;
    readonly item: never;
    readonly input: never;
  };
  /** Say what a table, or a column of it, means; what is None stays as it is. */
  readonly "data.describe": {
    readonly command: DataDescribe;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Ask again before a saved question is run. */
  readonly "data.distrust": {
    readonly command: DataDistrust;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Make a draft of a question in words, or of a query that a person wrote; nothing is run. */
  readonly "data.draft": {
    readonly command: DataDraftQuery;
    readonly result: DataDraft;
    readonly item: never;
    readonly input: never;
  };
  /** Which drivers are there, and which sources had a problem when they were last asked. */
  readonly "data.examine": {
    readonly command: DataExamine;
    readonly result: Findings;
    readonly item: never;
    readonly input: never;
  };
  /** A result as a file, whose descriptor is the answer; svg is its chart, html the whole answer. */
  readonly "data.export": {
    readonly command: DataExport;
    readonly result: DataExported;
    readonly item: never;
    readonly input: never;
  };
  /** What one asked, the newest first: all, of one source, with words in it, or only what is saved. */
  readonly "data.history": {
    readonly command: DataGetHistory;
    readonly result: DataHistory;
    readonly item: never;
    readonly input: never;
  };
  /** List one's own sources in this workspace. */
  readonly "data.list": {
    readonly command: DataListSources;
    readonly result: DataSources;
    readonly item: never;
    readonly input: never;
  };
  /** Name a figure, such as revenue; with an empty expression it is removed. */
  readonly "data.measure": {
    readonly command: DataSetMeasure;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Pin a question to a dashboard, which is made where it is new; a tile that is there is changed. */
  readonly "data.pin": {
    readonly command: DataPin;
    readonly result: DataTile;
    readonly item: never;
    readonly input: never;
  };
  /** Say how a file of a source is to be read where the guess was wrong; no options: guess again. */
  readonly "data.read": {
    readonly command: DataReadFile;
    readonly result: DataSource;
    readonly item: never;
    readonly input: never;
  };
  /** How a file of a source is read, as the options that `data.read` takes. */
  readonly "data.reading": {
    readonly command: DataGetReading;
    readonly result: DataReading;
    readonly item: never;
    readonly input: never;
  };
  /** Remove a source with its password; what was asked of it stays in the history. */
  readonly "data.remove": {
    readonly command: DataRemoveSource;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** A page says how long it took to draw a result, in seconds. */
  readonly "data.rendered": {
    readonly command: DataRendered;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Run a saved question again that one's own profile trusts: the same query, source and limits. */
  readonly "data.rerun": {
    readonly command: DataRerun;
    readonly result: DataNormalizedResult;
    readonly item: DataFetched;
    readonly input: never;
  };
  /** The head of a result that is still here. */
  readonly "data.result": {
    readonly command: DataGetResult;
    readonly result: DataNormalizedResult;
    readonly item: never;
    readonly input: never;
  };
  /** Rows of a result, sorted and filtered; at most 1,000 at once. */
  readonly "data.rows": {
    readonly command: DataGetRows;
    readonly result: DataResultPage;
    readonly item: never;
    readonly input: never;
  };
  /** Run a query that was checked, once, read-only. What is approved is exactly this. */
  readonly "data.run": {
    readonly command: DataRun;
    readonly result: DataNormalizedResult;
    readonly item: DataFetched;
    readonly input: never;
  };
  /** Keep a question under a name, or let it go with an empty one. */
  readonly "data.save": {
    readonly command: DataSaveQuestion;
    readonly result: DataAsked;
    readonly item: never;
    readonly input: never;
  };
  /** How long each stage took since Garret started: generate, validate, wait, execute, normalise, render. */
  readonly "data.stages": {
    readonly command: DataGetStages;
    readonly result: DataStages;
    readonly item: never;
    readonly input: never;
  };
  /** Each column of a result at a glance; none named: the first forty. */
  readonly "data.summary": {
    readonly command: DataSummarize;
    readonly result: DataSummaries;
    readonly item: never;
    readonly input: never;
  };
  /** Disable a source, so that nothing is asked of it, or enable it again; what is None stays as it is. */
  readonly "data.switch": {
    readonly command: DataSwitchSource;
    readonly result: DataSource;
    readonly item: never;
    readonly input: never;
  };
  /** Connect to a source, and look what its login may. */
  readonly "data.test": {
    readonly command: DataTestSource;
    readonly result: DataSourceStatus;
    readonly item: never;
    readonly input: never;
  };
  /** Let a saved question be run again without asking, as long as query, source and tables are the same. */
  readonly "data.trust": {
    readonly command: DataTrust;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Take a tile off its dashboard. */
  readonly "data.unpin": {
    readonly command: DataUnpin;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Be known as a program that shows pages, until this is cancelled or the connection ends. */
  readonly "desk.attend": {
    readonly command: DeskAttend;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** How pages look here, and which programs show them now. */
  readonly "desk.preferences": {
    readonly command: DeskGetPreferences;
    readonly result: DeskPreferences;
    readonly item: never;
    readonly input: never;
  };
  /** A hotkey was pressed or released: have the window do what it stands for. */
  readonly "desk.press": {
    readonly command: DeskPress;
    readonly result: DeskHeard;
    readonly item: never;
    readonly input: never;
  };
  /** A page or browser asked for what it may not: have it in the audit log, 500 characters at most. */
  readonly "desk.refused": {
    readonly command: DeskRefused;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Have the window come to the front: at a page (`/dictate`), with its `palette`, or as it is. */
  readonly "desk.show": {
    readonly command: DeskShow;
    readonly result: DeskHeard;
    readonly item: never;
    readonly input: never;
  };
  /** The kept audio of one utterance, as a descriptor of a FLAC file beside the result. */
  readonly "dictate.audio": {
    readonly command: DictateAudio;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Look at, clear or restore all that a profile dictated, as `dictate.discard` and `undelete` do. */
  readonly "dictate.clear": {
    readonly command: DictateClear;
    readonly result: Cleared;
    readonly item: never;
    readonly input: never;
  };
  /** Delete an utterance: its text and its audio. Cannot be undone, so it needs an approval. */
  readonly "dictate.delete": {
    readonly command: DictateDelete;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Tell that the text of an utterance reached where it was meant to go, or that it did not. */
  readonly "dictate.delivered": {
    readonly command: DictateDelivered;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Delete utterances so that it can be taken back until the grace time is over; 1,000 at most. */
  readonly "dictate.discard": {
    readonly command: DictateDiscard;
    readonly result: DictateDiscarded;
    readonly item: never;
    readonly input: never;
  };
  /** Correct the text of an utterance; what was heard and each text before stay among its versions. */
  readonly "dictate.edit": {
    readonly command: DictateEdit;
    readonly result: DictateUtterance;
    readonly item: never;
    readonly input: never;
  };
  /** What a person who wants to dictate has to know: engines, microphones, files. Opens no microphone. */
  readonly "dictate.examine": {
    readonly command: DictateExamine;
    readonly result: Findings;
    readonly item: never;
    readonly input: never;
  };
  /** One file of the texts of utterances, as a descriptor beside the result. */
  readonly "dictate.export": {
    readonly command: DictateExport;
    readonly result: DictateExported;
    readonly item: never;
    readonly input: never;
  };
  /** The transcript of one utterance as it is kept: `limit` segments from number `first` on. */
  readonly "dictate.get": {
    readonly command: DictateGet;
    readonly result: DictateTranscript;
    readonly item: never;
    readonly input: never;
  };
  /** List utterances, newest first; `query` keeps those whose text contains all its words. */
  readonly "dictate.history": {
    readonly command: DictateHistory;
    readonly result: DictateUtterances;
    readonly item: never;
    readonly input: never;
  };
  /** Take an audio file (its descriptor comes with the command) into the store. */
  readonly "dictate.import": {
    readonly command: DictateImport;
    readonly result: DictateImported;
    readonly item: never;
    readonly input: never;
  };
  /** Dictate live, from a microphone or from audio the client pushes, until stopped. */
  readonly "dictate.listen": {
    readonly command: DictateListen;
    readonly result: DictateDictated;
    readonly item: DictateDictationItem;
    readonly input: DictateAudioChunkInput;
  };
  /** Take a model into the home, whole or not at all. */
  readonly "dictate.model_add": {
    readonly command: DictateAddModel;
    readonly result: DictateModelInfo;
    readonly item: never;
    readonly input: never;
  };
  /** Remove a model from the home. The one in use is refused unless `used` says that this is meant. */
  readonly "dictate.model_remove": {
    readonly command: DictateRemoveModel;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Use a model that is in the home, with its engine, from the next dictation on. */
  readonly "dictate.model_use": {
    readonly command: DictateUseModel;
    readonly result: DictateModelInfo;
    readonly item: never;
    readonly input: never;
  };
  /** The models in this home, the packs that are known, and folders that are used. */
  readonly "dictate.models": {
    readonly command: DictateListModels;
    readonly result: DictateModels;
    readonly item: never;
    readonly input: never;
  };
  /** Pause a live dictation, or go on with it, in the same utterance; what sounds meanwhile is not kept. */
  readonly "dictate.pause": {
    readonly command: DictatePause;
    readonly result: DictatePausing;
    readonly item: never;
    readonly input: never;
  };
  /** The table of spoken commands as it is for the profile in force. */
  readonly "dictate.phrases": {
    readonly command: DictateListPhrases;
    readonly result: DictatePhrases;
    readonly item: never;
    readonly input: never;
  };
  /** Make what was taken for a spoken command words of the text again, and undo what it did. */
  readonly "dictate.restore_words": {
    readonly command: DictateRestoreWords;
    readonly result: DictateDictated;
    readonly item: DictateDictationItem;
    readonly input: never;
  };
  /** Have a version's text count again, as a new correction; nothing between is lost. */
  readonly "dictate.revert": {
    readonly command: DictateRevert;
    readonly result: DictateUtterance;
    readonly item: never;
    readonly input: never;
  };
  /** End a live dictation: what was heard is transcribed. Without an utterance: the current one. */
  readonly "dictate.stop": {
    readonly command: DictateStop;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Turn an utterance that is in the store into text. */
  readonly "dictate.transcribe": {
    readonly command: DictateTranscribe;
    readonly result: DictateDictated;
    readonly item: DictateDictationItem;
    readonly input: never;
  };
  /** Bring back utterances that were deleted and whose grace time is not over. All or none. */
  readonly "dictate.undelete": {
    readonly command: DictateUndelete;
    readonly result: DictateDiscarded;
    readonly item: never;
    readonly input: never;
  };
  /** The texts that an utterance has and had, the newest first, 100 at most. */
  readonly "dictate.versions": {
    readonly command: DictateListVersions;
    readonly result: DictateVersions;
    readonly item: never;
    readonly input: never;
  };
  /** Say that the gateway serves at `address`, and take orders until it ends. There is one a home. */
  readonly "gateway.attend": {
    readonly command: GatewayAttendGateway;
    readonly result: GatewayGatewayDismissed;
    readonly item: GatewayGatewayOrder;
    readonly input: GatewayGatewayAnswerInput;
  };
  /** Make a link that lets one more browser in. */
  readonly "gateway.invite": {
    readonly command: GatewayInviteBrowser;
    readonly result: GatewayInvitation;
    readonly item: never;
    readonly input: never;
  };
  /** Ask whether the gateway may be started at an address: refused where one runs already. */
  readonly "gateway.prepare": {
    readonly command: GatewayPrepareGateway;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Let a browser in no more, and cut what it has open; `session` is an id of `gateway.sessions`. */
  readonly "gateway.revoke": {
    readonly command: GatewayRevokeSession;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** The browsers that are let in. */
  readonly "gateway.sessions": {
    readonly command: GatewayListBrowserSessions;
    readonly result: GatewayBrowserSessions;
    readonly item: never;
    readonly input: never;
  };
  /** Whether Garret's pages are served to browsers, and where. */
  readonly "gateway.state": {
    readonly command: GatewayGetGateway;
    readonly result: GatewayGatewayState;
    readonly item: never;
    readonly input: never;
  };
  /** End the gateway, and with it all its sessions. */
  readonly "gateway.stop": {
    readonly command: GatewayStopGateway;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Refuse one waiting command; its requester is told. */
  readonly "house.approval_deny": {
    readonly command: HouseDenyApproval;
    readonly result: HouseApprovalRequest;
    readonly item: never;
    readonly input: never;
  };
  /** Consent to one waiting command, exactly as it was asked for: it goes on. */
  readonly "house.approval_grant": {
    readonly command: HouseGrantApproval;
    readonly result: HouseApprovalRequest;
    readonly item: never;
    readonly input: never;
  };
  /** The commands that wait for a consent, oldest first. */
  readonly "house.approvals": {
    readonly command: HouseListApprovals;
    readonly result: HouseApprovalRequests;
    readonly item: never;
    readonly input: never;
  };
  /** Approve one command, exactly as given, once, within 120 seconds. */
  readonly "house.approve": {
    readonly command: HouseApprove;
    readonly result: HouseApprovalToken;
    readonly item: never;
    readonly input: never;
  };
  /** Audit entries, newest first. */
  readonly "house.audit": {
    readonly command: HouseReadAudit;
    readonly result: HouseAuditEntries;
    readonly item: never;
    readonly input: never;
  };
  /** Check the whole audit chain. */
  readonly "house.audit_verify": {
    readonly command: HouseVerifyAudit;
    readonly result: HouseAuditVerdict;
    readonly item: never;
    readonly input: never;
  };
  /** Write a backup of everything durable to one file; `path` empty: into the home's backups folder. */
  readonly "house.backup": {
    readonly command: HouseBackup;
    readonly result: HouseBackupDone;
    readonly item: never;
    readonly input: never;
  };
  /** Read a backup whole and compare each part with its hash. Changes nothing. */
  readonly "house.backup_verify": {
    readonly command: HouseVerifyBackup;
    readonly result: HouseBackupVerdict;
    readonly item: never;
    readonly input: never;
  };
  /** Delete all in all rooms that is of the profile in force and was made `until` then (seconds since 1970). */
  readonly "house.clear": {
    readonly command: HouseClearOwn;
    readonly result: HouseClearedAll;
    readonly item: never;
    readonly input: never;
  };
  /** Examine the machine and the house, and say what to do about what is not well. */
  readonly "house.doctor": {
    readonly command: HouseDiagnose;
    readonly result: HouseDiagnosis;
    readonly item: never;
    readonly input: never;
  };
  /** What is open to the outside now, what is closed, and which destinations there are. */
  readonly "house.egress": {
    readonly command: HouseGetEgress;
    readonly result: HouseEgressState;
    readonly item: never;
    readonly input: never;
  };
  /** Close the way out: `all`, a host, or `room:`, `worker:`, `profile:` or `workspace:NAME`. */
  readonly "house.egress_close": {
    readonly command: HouseCloseEgress;
    readonly result: HouseEgressState;
    readonly item: never;
    readonly input: never;
  };
  /** Connections that ended or were refused: the newest, or those after the row `after`. */
  readonly "house.egress_log": {
    readonly command: HouseReadEgress;
    readonly result: HouseWays;
    readonly item: never;
    readonly input: never;
  };
  /** Take back what closed the way out. */
  readonly "house.egress_open": {
    readonly command: HouseOpenEgress;
    readonly result: HouseEgressState;
    readonly item: never;
    readonly input: never;
  };
  /** For the gateway: have what other machines were shown in the log of the way out. */
  readonly "house.egress_shown": {
    readonly command: HouseReportShown;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** What the rooms keep of one's own: what `house.clear` would take. */
  readonly "house.holdings": {
    readonly command: HouseGetHoldings;
    readonly result: HouseHoldings;
    readonly item: never;
    readonly input: never;
  };
  /** One job. */
  readonly "house.job": {
    readonly command: HouseGetJob;
    readonly result: HouseJob;
    readonly item: never;
    readonly input: never;
  };
  /** Cancel a job that is waiting or running. */
  readonly "house.job_cancel": {
    readonly command: HouseCancelJob;
    readonly result: HouseJob;
    readonly item: never;
    readonly input: never;
  };
  /** Run a failed or cancelled job again. */
  readonly "house.job_retry": {
    readonly command: HouseRetryJob;
    readonly result: HouseJob;
    readonly item: never;
    readonly input: never;
  };
  /** How a job came to its state, in plain sentences. */
  readonly "house.job_story": {
    readonly command: HouseJobStory;
    readonly result: HouseStory;
    readonly item: never;
    readonly input: never;
  };
  /** Jobs, newest first. */
  readonly "house.jobs": {
    readonly command: HouseListJobs;
    readonly result: HouseJobs;
    readonly item: never;
    readonly input: never;
  };
  /** Log lines, oldest first: the last `limit`, or those after the line `after`. */
  readonly "house.logs": {
    readonly command: HouseReadLogs;
    readonly result: HouseLogs;
    readonly item: never;
    readonly input: never;
  };
  /** Who asks, and what they may do: so that a page offers nothing that is refused. */
  readonly "house.me": {
    readonly command: HouseGetIdentity;
    readonly result: HouseIdentity;
    readonly item: never;
    readonly input: never;
  };
  /** What is in the outbox, newest first: all that waits or is dead, or what is in `state`. */
  readonly "house.outbox": {
    readonly command: HouseListOutbox;
    readonly result: HouseOutboxEntries;
    readonly item: never;
    readonly input: never;
  };
  /** Forget an entry for good; it is not delivered. */
  readonly "house.outbox_discard": {
    readonly command: HouseDiscardOutboxEntry;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** One entry of the outbox. */
  readonly "house.outbox_entry": {
    readonly command: HouseGetOutboxEntry;
    readonly result: HouseOutboxEntry;
    readonly item: never;
    readonly input: never;
  };
  /** Try an entry at once that waits or is dead, with all its time anew. */
  readonly "house.outbox_retry": {
    readonly command: HouseRetryOutboxEntry;
    readonly result: HouseOutboxEntry;
    readonly item: never;
    readonly input: never;
  };
  /** Set the PIN that leaving the guest and child profiles asks for (4 to 32 characters). */
  readonly "house.pin_set": {
    readonly command: HouseSetPin;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Switch the profile. Leaving guest or child asks for the PIN. */
  readonly "house.profile_use": {
    readonly command: HouseUseProfile;
    readonly result: HouseProfiles;
    readonly item: never;
    readonly input: never;
  };
  /** The profiles and the one in force. */
  readonly "house.profiles": {
    readonly command: HouseListProfiles;
    readonly result: HouseProfiles;
    readonly item: never;
    readonly input: never;
  };
  /** Rebuild all tables that are made from objects. */
  readonly "house.rebuild": {
    readonly command: HouseRebuild;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Replace the processes of a worker, new one first; closes an open circuit. */
  readonly "house.restart": {
    readonly command: HouseRestartWorker;
    readonly result: HouseWorkers;
    readonly item: never;
    readonly input: never;
  };
  /** Bring back what was cleared under a name. */
  readonly "house.restore": {
    readonly command: HouseRestoreCleared;
    readonly result: HouseClearedAll;
    readonly item: never;
    readonly input: never;
  };
  /** One schedule with its last runs. */
  readonly "house.schedule": {
    readonly command: HouseGetSchedule;
    readonly result: HouseSchedule;
    readonly item: never;
    readonly input: never;
  };
  /** Have a schedule rest until it is resumed. */
  readonly "house.schedule_pause": {
    readonly command: HousePauseSchedule;
    readonly result: HouseSchedule;
    readonly item: never;
    readonly input: never;
  };
  /** Forget a schedule. */
  readonly "house.schedule_remove": {
    readonly command: HouseRemoveSchedule;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Have a paused schedule go on from now; what passed meanwhile was not missed. */
  readonly "house.schedule_resume": {
    readonly command: HouseResumeSchedule;
    readonly result: HouseSchedule;
    readonly item: never;
    readonly input: never;
  };
  /** Make one run of a schedule more, now, for whom it was planned. */
  readonly "house.schedule_run": {
    readonly command: HouseRunSchedule;
    readonly result: HouseSchedule;
    readonly item: never;
    readonly input: never;
  };
  /** What is to be done later, the next due first. */
  readonly "house.schedules": {
    readonly command: HouseListSchedules;
    readonly result: HouseSchedules;
    readonly item: never;
    readonly input: never;
  };
  /** Keep a secret under a name; None deletes it. */
  readonly "house.secret_set": {
    readonly command: HouseSetSecret;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** The names of the secrets, never their values, and where they are kept. */
  readonly "house.secrets": {
    readonly command: HouseListSecrets;
    readonly result: HouseSecretNames;
    readonly item: never;
    readonly input: never;
  };
  /** Seal the key file with a passphrase that will be asked for at every start. */
  readonly "house.secrets_seal": {
    readonly command: HouseSealSecrets;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Change a setting; `value` as a person types it. None puts the default back. */
  readonly "house.setting_set": {
    readonly command: HouseSetSetting;
    readonly result: HouseSettingInfo;
    readonly item: never;
    readonly input: never;
  };
  /** All settings with their values; with `key` only that one. */
  readonly "house.settings": {
    readonly command: HouseListSettings;
    readonly result: HouseSettingInfos;
    readonly item: never;
    readonly input: never;
  };
  /** Drain the workers and stop. Running jobs are resumed at the next start. */
  readonly "house.shutdown": {
    readonly command: HouseShutdown;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** What runs, how it is, and how long things take. */
  readonly "house.status": {
    readonly command: HouseGetStatus;
    readonly result: HouseStatus;
    readonly item: never;
    readonly input: never;
  };
  /** How much room everything takes, and which backups there are. */
  readonly "house.storage": {
    readonly command: HouseGetStorage;
    readonly result: HouseStorageReport;
    readonly item: never;
    readonly input: never;
  };
  /** Receive the events whose name matches `pattern` (`*` stands for anything) until it is cancelled. */
  readonly "house.subscribe": {
    readonly command: HouseSubscribe;
    readonly result: SubscriptionEnded;
    readonly item: Told;
    readonly input: never;
  };
  /** Every worker and outside program, and its state. */
  readonly "house.workers": {
    readonly command: HouseListWorkers;
    readonly result: HouseWorkers;
    readonly item: never;
    readonly input: never;
  };
  /** What the worker is asked: the same, with where and how. */
  readonly "llm.generate": {
    readonly command: ModelsGenerate;
    readonly result: ModelsCompletion;
    readonly item: ModelsPiece;
    readonly input: never;
  };
  /** The microphones and speakers that are there now. */
  readonly "microphone.devices": {
    readonly command: DictateListDevices;
    readonly result: DictateDevices;
    readonly item: never;
    readonly input: never;
  };
  /** Capture a microphone as `Capture` does, until the input stream, which carries nothing, ends. */
  readonly "microphone.record": {
    readonly command: DictateRecord;
    readonly result: DictateCaptured;
    readonly item: DictateCaptureItem;
    readonly input: DictateAudioChunkInput;
  };
  /** Whether a model can be asked, which, and where; nothing is asked of it. */
  readonly "models.available": {
    readonly command: ModelsGetAvailable;
    readonly result: ModelsAvailable;
    readonly item: never;
    readonly input: never;
  };
  /** Have the model of the settings go on from messages, streamed as it comes. */
  readonly "models.complete": {
    readonly command: ModelsComplete;
    readonly result: ModelsCompletion;
    readonly item: ModelsPiece;
    readonly input: never;
  };
  /** Whether a model is set, and whether it may be asked. */
  readonly "models.examine": {
    readonly command: ModelsExamine;
    readonly result: Findings;
    readonly item: never;
    readonly input: never;
  };
  /** The loudspeakers that are there now. */
  readonly "playback.devices": {
    readonly command: SpeakListSpeakers;
    readonly result: SpeakSpeakers;
    readonly item: never;
    readonly input: never;
  };
  /** Play the PCM that streams in, on one device, after what is queued there. */
  readonly "playback.play": {
    readonly command: SpeakPlay;
    readonly result: SpeakPlayed;
    readonly item: never;
    readonly input: SpeakSpeech;
  };
  /** Check a query once more, and run it. Beside it: `Keys`, the `Catalogue`. */
  readonly "query.execute": {
    readonly command: DataExecute;
    readonly result: DataExecuted;
    readonly item: DataFetched;
    readonly input: never;
  };
  /** What the engine expects of a query. Beside it: `Keys`. */
  readonly "query.explain": {
    readonly command: DataExplain;
    readonly result: DataEstimate;
    readonly item: never;
    readonly input: never;
  };
  /** Make faster copies of large files. Beside it: `Keys`. */
  readonly "query.prepare": {
    readonly command: DataPrepare;
    readonly result: DataPrepared;
    readonly item: never;
    readonly input: never;
  };
  /** Connect, and look what the login may. Beside it: `Keys`. */
  readonly "query.probe": {
    readonly command: DataProbe;
    readonly result: DataSourceStatus;
    readonly item: never;
    readonly input: never;
  };
  /** Look how a file is read. Beside it: `Keys`. */
  readonly "query.reading": {
    readonly command: DataGuessReading;
    readonly result: DataGuessed;
    readonly item: never;
    readonly input: never;
  };
  /** Take a snapshot; the `Catalogue` comes in a bulk beside the result. Beside it: `Keys`. */
  readonly "query.survey": {
    readonly command: DataSurvey;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Charts that fit. */
  readonly "results.draw": {
    readonly command: DataDraw;
    readonly result: DataCharts;
    readonly item: never;
    readonly input: never;
  };
  /** Rows of a result. */
  readonly "results.page": {
    readonly command: DataPage;
    readonly result: DataResultPage;
    readonly item: never;
    readonly input: never;
  };
  /** Columns at a glance. */
  readonly "results.summarize": {
    readonly command: DataSummarizeColumns;
    readonly result: DataSummaries;
    readonly item: never;
    readonly input: never;
  };
  /** A file of a result, beside the answer. */
  readonly "results.write": {
    readonly command: DataWrite;
    readonly result: DataExported;
    readonly item: never;
    readonly input: never;
  };
  /** What `Render` asks of the synthesis worker. */
  readonly "speak.compute": {
    readonly command: SpeakCompute;
    readonly result: SpeakSpoken;
    readonly item: never;
    readonly input: never;
  };
  /** What a person who wants to hear speech has to know: engines, voice, loudspeakers. Plays nothing. */
  readonly "speak.examine": {
    readonly command: SpeakExamine;
    readonly result: Findings;
    readonly item: never;
    readonly input: never;
  };
  /** Speak a text into a WAV file, handed over whole as sealed memory beside the result. */
  readonly "speak.render": {
    readonly command: SpeakRender;
    readonly result: SpeakSpoken;
    readonly item: never;
    readonly input: never;
  };
  /** Speak a text on this machine's speaker, after what is already queued. */
  readonly "speak.say": {
    readonly command: SpeakSay;
    readonly result: SpeakSpoken;
    readonly item: never;
    readonly input: never;
  };
  /** Stop what is being said and drop what is queued. */
  readonly "speak.stop": {
    readonly command: SpeakStopSpeaking;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Speak a text as a stream of PCM, sentence by sentence. Rate in words a minute, 0: the voice's own. */
  readonly "speak.synthesize": {
    readonly command: SpeakSynthesize;
    readonly result: SpeakSpoken;
    readonly item: SpeakSpeech;
    readonly input: never;
  };
  /** The voices that can speak now. */
  readonly "speak.voices": {
    readonly command: SpeakListVoices;
    readonly result: SpeakVoices;
    readonly item: never;
    readonly input: never;
  };
  /** The engines Garret knows, and which of them can be used now. */
  readonly "stt.engines": {
    readonly command: DictateListEngines;
    readonly result: DictateEngines;
    readonly item: never;
    readonly input: never;
  };
  /** Recognise a segment of the spool (its descriptor) from sample `start`. */
  readonly "stt.recognize": {
    readonly command: DictateRecognize;
    readonly result: DictateHypothesis;
    readonly item: DictatePartial;
    readonly input: DictateAvailableInput;
  };
  /** Clean a `HeardText` and carry out the `commands` in it; the `CleanedText` comes beside the result. */
  readonly "text.clean": {
    readonly command: DictateClean;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Put `Documents` into a form; the `Rendered` comes beside the result, as they come: in bulks. */
  readonly "text.render": {
    readonly command: DictateRender;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Put a text on the clipboard. */
  readonly "window.copy": {
    readonly command: WindowCopy;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** What the running desktop allows: hotkeys, insertion, tray, notifications. */
  readonly "window.desktop": {
    readonly command: WindowGetDesktop;
    readonly result: WindowDesktop;
    readonly item: never;
    readonly input: never;
  };
  /** Whether an action could have these keys; nothing changes. */
  readonly "window.hotkey_try": {
    readonly command: WindowTryHotkey;
    readonly result: WindowHotkey;
    readonly item: never;
    readonly input: never;
  };
  /** The hotkeys, and whether each works. */
  readonly "window.hotkeys": {
    readonly command: WindowListHotkeys;
    readonly result: WindowHotkeys;
    readonly item: never;
    readonly input: never;
  };
  /** Put a text into the program that had the focus before the window, after `seconds`. */
  readonly "window.insert": {
    readonly command: WindowInsert;
    readonly result: WindowInserted;
    readonly item: never;
    readonly input: never;
  };
  /** Show a notification, to see that they arrive. */
  readonly "window.notify_try": {
    readonly command: WindowTryNotification;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Open a link in the system's browser: http, https and mailto only. */
  readonly "window.open_link": {
    readonly command: WindowOpenLink;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Close the window and its tray icon; the control plane goes on. */
  readonly "window.quit": {
    readonly command: WindowQuit;
    readonly result: Nothing;
    readonly item: never;
    readonly input: never;
  };
  /** Save the file that waits under `ticket` where the person says, through the system's dialog. */
  readonly "window.save": {
    readonly command: WindowSaveFile;
    readonly result: WindowChoice;
    readonly item: never;
    readonly input: never;
  };
}

/** What each command needs; `seconds` is its time where none is said, null: no limit. */
export const COMMANDS = {
  "asking.check": { capability: "worker.asking", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 1, items: false, inputs: false },
  "asking.prompt": { capability: "worker.asking", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 1, items: false, inputs: false },
  "asking.translate": { capability: "worker.asking", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 1, items: false, inputs: false },
  "audio.capture": { capability: "worker.audio", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 1, items: true, inputs: true },
  "audio.decode": { capability: "worker.audio", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 2, items: true, inputs: false },
  "audio.encode": { capability: "worker.audio", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 2, items: false, inputs: false },
  "audio.rescue": { capability: "worker.audio", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 1, items: false, inputs: false },
  "data.add": { capability: "data.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 120.0, descriptors: 0, items: false, inputs: false },
  "data.catalogue": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 120.0, descriptors: 0, items: false, inputs: false },
  "data.chart": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 60.0, descriptors: 0, items: false, inputs: false },
  "data.clear": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 60.0, descriptors: 0, items: false, inputs: false },
  "data.dashboards": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "data.describe": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "data.distrust": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "data.draft": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 120.0, descriptors: 0, items: false, inputs: false },
  "data.examine": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "data.export": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: false },
  "data.history": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "data.list": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "data.measure": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "data.pin": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "data.read": { capability: "data.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 120.0, descriptors: 0, items: false, inputs: false },
  "data.reading": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 60.0, descriptors: 0, items: false, inputs: false },
  "data.remove": { capability: "data.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "data.rendered": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "data.rerun": { capability: "data.use", job: true, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: true, inputs: false },
  "data.result": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "data.rows": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 60.0, descriptors: 0, items: false, inputs: false },
  "data.run": { capability: "data.run", job: true, replay: 0, approval: true, leavesMachine: false, seconds: null, descriptors: 0, items: true, inputs: false },
  "data.save": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "data.stages": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "data.summary": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 60.0, descriptors: 0, items: false, inputs: false },
  "data.switch": { capability: "data.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "data.test": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 60.0, descriptors: 0, items: false, inputs: false },
  "data.trust": { capability: "data.run", job: false, replay: 0, approval: true, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: false },
  "data.unpin": { capability: "data.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "desk.attend": { capability: "desk.attend", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: false },
  "desk.preferences": { capability: "desk.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "desk.press": { capability: "desk.press", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "desk.refused": { capability: "desk.attend", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "desk.show": { capability: "desk.press", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "dictate.audio": { capability: "dictate.read_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "dictate.clear": { capability: "dictate.delete", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 120.0, descriptors: 0, items: false, inputs: false },
  "dictate.delete": { capability: "dictate.delete", job: false, replay: 0, approval: true, leavesMachine: false, seconds: 900.0, descriptors: 0, items: false, inputs: false },
  "dictate.delivered": { capability: "dictate.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "dictate.discard": { capability: "dictate.delete", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "dictate.edit": { capability: "dictate.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "dictate.examine": { capability: "dictate.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "dictate.export": { capability: "dictate.read_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: false },
  "dictate.get": { capability: "dictate.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "dictate.history": { capability: "dictate.read_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "dictate.import": { capability: "dictate.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 1, items: false, inputs: false },
  "dictate.listen": { capability: "dictate.use", job: true, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: true, inputs: true },
  "dictate.model_add": { capability: "dictate.models", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: false },
  "dictate.model_remove": { capability: "dictate.models", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "dictate.model_use": { capability: "dictate.models", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "dictate.models": { capability: "dictate.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "dictate.pause": { capability: "dictate.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "dictate.phrases": { capability: "dictate.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "dictate.restore_words": { capability: "dictate.use", job: true, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: true, inputs: false },
  "dictate.revert": { capability: "dictate.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "dictate.stop": { capability: "dictate.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "dictate.transcribe": { capability: "dictate.use", job: true, replay: 64, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: true, inputs: false },
  "dictate.undelete": { capability: "dictate.delete", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "dictate.versions": { capability: "dictate.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "gateway.attend": { capability: "gateway.attend", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: true, inputs: true },
  "gateway.invite": { capability: "gateway.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "gateway.prepare": { capability: "gateway.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "gateway.revoke": { capability: "gateway.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "gateway.sessions": { capability: "gateway.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "gateway.state": { capability: "gateway.read", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "gateway.stop": { capability: "gateway.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.approval_deny": { capability: "approvals.grant", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.approval_grant": { capability: "approvals.grant", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.approvals": { capability: "approvals.grant", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.approve": { capability: "approvals.grant", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.audit": { capability: "audit.read", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.audit_verify": { capability: "audit.read", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 300.0, descriptors: 0, items: false, inputs: false },
  "house.backup": { capability: "backup.create", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: false },
  "house.backup_verify": { capability: "backup.create", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: false },
  "house.clear": { capability: "house.clear_own", job: true, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: false },
  "house.doctor": { capability: "system.status", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 120.0, descriptors: 0, items: false, inputs: false },
  "house.egress": { capability: "egress.read", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.egress_close": { capability: "egress.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.egress_log": { capability: "egress.read", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.egress_open": { capability: "egress.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.egress_shown": { capability: "egress.report", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.holdings": { capability: "house.clear_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 60.0, descriptors: 0, items: false, inputs: false },
  "house.job": { capability: "jobs.read_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.job_cancel": { capability: "jobs.cancel_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.job_retry": { capability: "jobs.cancel_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.job_story": { capability: "jobs.read_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.jobs": { capability: "jobs.read_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.logs": { capability: "logs.read", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.me": { capability: "system.status", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.outbox": { capability: "outbox.read_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.outbox_discard": { capability: "outbox.change_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.outbox_entry": { capability: "outbox.read_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.outbox_retry": { capability: "outbox.change_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.pin_set": { capability: "profiles.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.profile_use": { capability: "profiles.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.profiles": { capability: "profiles.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.rebuild": { capability: "storage.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: false },
  "house.restart": { capability: "workers.control", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 60.0, descriptors: 0, items: false, inputs: false },
  "house.restore": { capability: "house.clear_own", job: true, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: false },
  "house.schedule": { capability: "schedules.read_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.schedule_pause": { capability: "schedules.change_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.schedule_remove": { capability: "schedules.change_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.schedule_resume": { capability: "schedules.change_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.schedule_run": { capability: "schedules.change_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.schedules": { capability: "schedules.read_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.secret_set": { capability: "secrets.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.secrets": { capability: "secrets.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.secrets_seal": { capability: "secrets.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 60.0, descriptors: 0, items: false, inputs: false },
  "house.setting_set": { capability: "settings.change", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.settings": { capability: "settings.read", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.shutdown": { capability: "system.stop", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.status": { capability: "system.status", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.storage": { capability: "backup.create", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 120.0, descriptors: 0, items: false, inputs: false },
  "house.subscribe": { capability: "events.read", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: true, inputs: false },
  "house.workers": { capability: "system.status", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "llm.generate": { capability: "worker.llm", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 300.0, descriptors: 0, items: true, inputs: false },
  "microphone.devices": { capability: "dictate.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "microphone.record": { capability: "worker.microphone", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 1, items: true, inputs: true },
  "models.available": { capability: "models.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "models.complete": { capability: "models.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 300.0, descriptors: 0, items: true, inputs: false },
  "models.examine": { capability: "models.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "playback.devices": { capability: "speak.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "playback.play": { capability: "worker.playback", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: true },
  "query.execute": { capability: "worker.query", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 2, items: true, inputs: false },
  "query.explain": { capability: "worker.query", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 1, items: false, inputs: false },
  "query.prepare": { capability: "worker.query", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 1800.0, descriptors: 1, items: false, inputs: false },
  "query.probe": { capability: "worker.query", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 1, items: false, inputs: false },
  "query.reading": { capability: "worker.query", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 1, items: false, inputs: false },
  "query.survey": { capability: "worker.query", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 90.0, descriptors: 1, items: false, inputs: false },
  "results.draw": { capability: "worker.results", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 1, items: false, inputs: false },
  "results.page": { capability: "worker.results", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 1, items: false, inputs: false },
  "results.summarize": { capability: "worker.results", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 1, items: false, inputs: false },
  "results.write": { capability: "worker.results", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 1, items: false, inputs: false },
  "speak.compute": { capability: "worker.tts", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: false },
  "speak.examine": { capability: "speak.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "speak.render": { capability: "speak.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: false },
  "speak.say": { capability: "speak.use", job: true, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: false },
  "speak.stop": { capability: "speak.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "speak.synthesize": { capability: "worker.tts", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: true, inputs: false },
  "speak.voices": { capability: "speak.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "stt.engines": { capability: "dictate.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "stt.recognize": { capability: "worker.stt", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 1, items: true, inputs: true },
  "text.clean": { capability: "worker.text", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 600.0, descriptors: 1, items: false, inputs: false },
  "text.render": { capability: "worker.text", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 600.0, descriptors: 1, items: false, inputs: false },
  "window.copy": { capability: "window", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "window.desktop": { capability: "window", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "window.hotkey_try": { capability: "window", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "window.hotkeys": { capability: "window", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "window.insert": { capability: "window", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 60.0, descriptors: 0, items: false, inputs: false },
  "window.notify_try": { capability: "window", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "window.open_link": { capability: "window", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "window.quit": { capability: "window", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "window.save": { capability: "window", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: false },
} as const satisfies Record<keyof Commands, CommandInfo>;

/** Every event, by the name under which it is told. */
export interface Events {
  readonly "data.answered": DataAnswered;
  readonly "data.source_changed": DataSourceChanged;
  readonly "desk.asked_for": DeskAskedFor;
  readonly "desk.attendance_changed": DeskAttendanceChanged;
  readonly "desk.pressed": DeskPressed;
  readonly "dictate.changed": DictateChanged;
  readonly "dictate.cleared": DictateManyChanged;
  readonly "dictate.deleted": DictateDeleted;
  readonly "dictate.finished": DictateFinished;
  readonly "dictate.paused": DictatePauseChanged;
  readonly "dictate.started": DictateStarted;
  readonly "house.approval_decided": HouseApprovalDecided;
  readonly "house.approval_requested": HouseApprovalRequested;
  readonly "house.job_changed": HouseJobChanged;
  readonly "house.outbox_changed": HouseOutboxChanged;
  readonly "house.profile_changed": HouseProfileChanged;
  readonly "house.setting_changed": HouseSettingChanged;
  readonly "house.setting_touched": HouseSettingTouched;
  readonly "house.storage_changed": HouseStorageChanged;
  readonly "house.worker_changed": HouseWorkerChanged;
  readonly "speak.finished": SpeakFinished;
}

export type CommandName = keyof Commands;
export type EventName = keyof Events;

/** What a command needs; see `COMMANDS`. */
export interface CommandInfo {
  readonly capability: string;
  readonly job: boolean;
  readonly replay: number;
  readonly approval: boolean;
  readonly leavesMachine: boolean;
  readonly seconds: number | null;
  readonly descriptors: number;
  readonly items: boolean;
  readonly inputs: boolean;
}

/** A command on its way: what a transport puts into an envelope. */
export interface Invocation {
  readonly name: CommandName;
  readonly payload: unknown;
  /** How long it may take, in seconds; null: until it is done or cancelled. */
  readonly seconds: number | null;
  /** What it is about; empty: the default workspace. */
  readonly workspace: string;
  /** What is streamed in, pulled as there is credit; null: nothing. */
  readonly inputs: AsyncIterable<unknown> | null;
  /** Files that go beside it. */
  readonly files: readonly Blob[];
  /** Aborted to cancel the command, which is still answered. */
  readonly signal: AbortSignal | null;
}

/** What a transport calls while a command runs. An item's credit is returned when `item` has resolved. */
export interface Reactions {
  item(value: unknown): void | Promise<void>;
  progress(value: Progress): void;
  gap(value: Gap): void;
}

/** A file beside a result: fetched once by its ticket; `size` in bytes. */
export interface TicketedFile {
  readonly ticket: string;
  readonly size: number;
}

/** A result with the files that came beside it. */
export interface Answer {
  readonly value: unknown;
  readonly files: readonly TicketedFile[];
}

/** Whatever carries commands to the control plane; rejects with the error it was answered with. */
export interface Transport {
  invoke(invocation: Invocation, reactions: Reactions): Promise<Answer>;
}

/** An error of the control plane, as it is thrown. */
export class GarretError extends Error {
  readonly code: Code;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(error: WireError) {
    super(error.message);
    this.name = "GarretError";
    this.code = error.code;
    this.retryable = error.retryable;
    this.details = error.details;
  }
}

/** What may be said beside a command. */
export interface CallOptions<K extends CommandName> {
  readonly onItem?: (item: Commands[K]["item"]) => void | Promise<void>;
  readonly onProgress?: (progress: Progress) => void;
  /** Items of a job passed that this caller did not get. */
  readonly onGap?: (gap: Gap) => void;
  readonly inputs?: AsyncIterable<Commands[K]["input"]>;
  readonly seconds?: number | null;
  readonly workspace?: string;
  readonly signal?: AbortSignal;
}

/** One event as it is told: which kind it is, says its name. */
export type Happened = {
  readonly [K in EventName]: { readonly name: K; readonly event: Events[K] };
}[EventName];

/** What hears of events: each in order, and how many were lost where there is a gap. */
export interface Listener {
  begun?(): void;
  happened(told: Happened): void | Promise<void>;
  lost?(count: number): void;
}

/** Typed commands over any transport. */
export class Client {
  constructor(private readonly transport: Transport) {}

  /** Ask; resolves with the result, and throws what the transport rejects with. */
  async call<K extends CommandName>(
    name: K,
    command: Commands[K]["command"],
    options: CallOptions<K> = {},
  ): Promise<Commands[K]["result"]> {
    return (await this.withFiles(name, command, [], options)).result;
  }

  /** As `call`, for a command that takes files, or answers with some. */
  async withFiles<K extends CommandName>(
    name: K,
    command: Commands[K]["command"],
    files: readonly Blob[] = [],
    options: CallOptions<K> = {},
  ): Promise<{ readonly result: Commands[K]["result"]; readonly files: readonly TicketedFile[] }> {
    const answer = await this.transport.invoke(
      {
        name,
        payload: command,
        seconds: options.seconds === undefined ? COMMANDS[name].seconds : options.seconds,
        workspace: options.workspace ?? "",
        inputs: options.inputs ?? null,
        files,
        signal: options.signal ?? null,
      },
      {
        item: (value) => options.onItem?.(value as Commands[K]["item"]),
        progress: (value) => options.onProgress?.(value),
        gap: (value) => options.onGap?.(value),
      },
    );
    return { result: answer.value as Commands[K]["result"], files: answer.files };
  }

  /** Hear of the events that `pattern` stands for, until `signal` is aborted or the control plane ends it. */
  async subscribe(
    pattern: string,
    listener: Listener,
    signal?: AbortSignal,
  ): Promise<Commands["house.subscribe"]["result"]> {
    let last = -1;
    return this.call(
      "house.subscribe",
      { pattern },
      {
        onItem: async (item) => {
          const missing = item.sequence - last - 1;
          last = item.sequence;
          if (missing > 0) listener.lost?.(missing);
          if (item.sequence === 0) listener.begun?.();
          else await listener.happened({ name: item.name, event: item.event } as Happened);
        },
        ...(signal === undefined ? {} : { signal }),
      },
    );
  }
}
