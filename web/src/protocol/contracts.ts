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
  "audio.capture": { capability: "worker.audio", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 1, items: true, inputs: true },
  "audio.decode": { capability: "worker.audio", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 2, items: true, inputs: false },
  "audio.encode": { capability: "worker.audio", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 2, items: false, inputs: false },
  "audio.rescue": { capability: "worker.audio", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 1, items: false, inputs: false },
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
  "house.clear": { capability: "data.clear_own", job: true, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: false },
  "house.doctor": { capability: "system.status", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 120.0, descriptors: 0, items: false, inputs: false },
  "house.egress": { capability: "egress.read", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.egress_close": { capability: "egress.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.egress_log": { capability: "egress.read", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.egress_open": { capability: "egress.administer", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "house.holdings": { capability: "data.clear_own", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 60.0, descriptors: 0, items: false, inputs: false },
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
  "house.restore": { capability: "data.clear_own", job: true, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: false },
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
  "microphone.devices": { capability: "dictate.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "microphone.record": { capability: "worker.microphone", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 1, items: true, inputs: true },
  "playback.devices": { capability: "speak.use", job: false, replay: 0, approval: false, leavesMachine: false, seconds: 30.0, descriptors: 0, items: false, inputs: false },
  "playback.play": { capability: "worker.playback", job: false, replay: 0, approval: false, leavesMachine: false, seconds: null, descriptors: 0, items: false, inputs: true },
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
