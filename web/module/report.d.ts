// Made from crates/browser/src/report.rs and the types it names, by the test `page_types` beside it.

import type { FileRecord, JsonValue, UploadId } from './api.js';

export type State = "sealing" | "sending" | "checking";

export type Reason = "network" | "credential";

export type Failure = { code: string, detail: string, status?: number, requestId?: string, numbers: { [key in string]: JsonValue }, };

export type Report = { "type": "opened", id: number, uploadId: UploadId, } | { "type": "state", id: number, state: State, } | { "type": "comparing", id: number, compared: number, toCompare: number, } | { "type": "progress", id: number, sent: number, } | { "type": "retrying", id: number, } | { "type": "waiting", id: number, reason: Reason, } | { "type": "paused", id: number, } | { "type": "goes-on", id: number, } | { "type": "unchecked", id: number, } | { "type": "credential-needed" } | { "type": "done", id: number, record: FileRecord, contentPath: string, } | { "type": "failed", id: number, failure: Failure, goesOn: boolean, } | { "type": "cancelled", id: number, } | { "type": "left", id: number, };

export type How = "picker" | "disk" | "memory";

export type DownloadReport = { "type": "progress", opened: number, size: number, } | { "type": "retrying" } | { "type": "on-disk", name: string, } | { "type": "done", how: How, } | { "type": "failed", failure: Failure, } | { "type": "cancelled" };
