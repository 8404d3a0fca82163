// Made from crates/transfer/src/api by its test `page_types`; `cargo xtask test --only native --fix` writes it.

export type FileId = string;

export type UploadId = string;

export type TicketId = string;

export type PartNumber = number;

export type JsonValue = number | string | boolean | Array<JsonValue> | { [key in string]: JsonValue } | null;

export type Policy = { most_bytes: number, most_name_bytes: number, most_metadata_bytes: number, login: boolean, read_only: boolean, };

export type UnreadableField = "name" | "metadata" | "verification" | "encryption_context" | "other";

export type Verification = { "state": "pending" } | { "state": "verified", at_ms: number, plaintext_sha256: string, } | { "state": "failed", at_ms: number, code: string, } | { "state": "unknown" };

export type FileRecord = { id: FileId, upload_id: UploadId, name: string, content_type: string | null, size: number, sealed_size: number, metadata: JsonValue | null, reference: string | null, uploaded_at_ms: number, verification: Verification, bucket: string, object_key: string, etag: string, version: string | null, encrypted_data_key: string, encryption_context: { [key in string]: string }, unreadable?: Array<UnreadableField>, };

export type FileList = { files: Array<FileRecord>, next_cursor?: string, };

export type SharedFile = { file_id: FileId, name: string, content_type: string | null, size: number, verification: Verification, readable_until_ms?: number, unreadable?: Array<UnreadableField>, };

export type UploadState = "opening" | "open" | "completing" | "complete" | "aborting" | "aborted" | "failed";

export type UploadSummary = { upload_id: UploadId, file_id: FileId, state: UploadState, name: string, content_type: string | null, metadata: JsonValue | null, reference: string | null, size: number, last_modified_ms: number | null, opened_at_ms: number, expires_at_ms: number, signed_parts: number, part_count: PartNumber, unreadable?: Array<UnreadableField>, };

export type UploadList = { uploads: Array<UploadSummary>, next_cursor?: string, };

export type TicketText = string;

export type MakeTicket = { file_id: FileId, expires_in_seconds?: number, };

export type MadeTicket = { ticket_id: TicketId, ticket: TicketText, page_path: string, expires_at_ms: number, };

export type ChangeTicket = { expires_in_seconds: number, };

export type TicketList = { tickets: Array<TicketSummary>, next_cursor?: string, };

export type TicketSummary = { ticket_id: TicketId, file_id: FileId, name: string, unreadable?: Array<UnreadableField>, state: TicketState, made_at_ms: number, expires_at_ms: number, redeemed_at_ms?: number, readable_until_ms?: number, revoked_at_ms?: number, };

export type TicketState = "waiting" | "reading" | "used" | "expired" | "revoked";

export type RedeemTicket = { ticket: TicketText, };

export type Problem = { type: string, title: string, status: number, code: string, detail: string, request_id?: string, } & ({ [key in string]: number | string | boolean | Array<JsonValue> | { [key in string]: JsonValue } | null });

export type ProblemCode =
  | 'invalid_request'
  | 'unauthenticated'
  | 'forbidden'
  | 'host_not_allowed'
  | 'insecure_transport'
  | 'not_found'
  | 'method_not_allowed'
  | 'token_reused'
  | 'part_already_sealed'
  | 'upload_not_open'
  | 'parts_missing'
  | 'parts_differ'
  | 'upload_failed'
  | 'ticket_used'
  | 'upload_expired'
  | 'precondition_failed'
  | 'body_too_large'
  | 'file_too_large'
  | 'unsupported_media_type'
  | 'range_not_satisfiable'
  | 'invalid_name'
  | 'not_one_file'
  | 'invalid_field'
  | 'part_number_out_of_range'
  | 'refused_by_store'
  | 'refused_by_kms'
  | 'too_many_reads'
  | 'too_many_requests'
  | 'internal'
  | 'object_replaced'
  | 'object_damaged'
  | 'store_unavailable'
  | 'completing'
  | 'keys_unavailable'
  | 'records_unavailable'
  | 'read_only'
  | 'shutting_down';
