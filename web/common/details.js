// Collects what support needs: ids, codes and figures, but no name, no URL and no key.

/** @import { UploadSummary } from '../module/api.js' */
/** @import { Failure } from '../module/report.js' */
/** @import { Entry } from '../upload/entry.js' */

/** @param {Entry} entry */
export function details(entry) {
  const { failure } = entry;
  const known = {
    time: new Date().toISOString(),
    state: entry.reason ? `${entry.state} (${entry.reason})` : entry.state,
    upload: entry.uploadId,
    file: entry.record?.id,
    code: failure?.code,
    status: failure?.status,
    request: failure?.requestId,
    ...numbersOf(failure),
    size: entry.file?.size,
    sent: entry.sent,
    backend: entry.backend,
    browser: navigator.userAgent,
  };
  return lines('Sealift upload', known);
}

/**
 * Describes the page of a file, and how far the download is.
 *
 * @param {string} fileId
 * @param {{ state: string, size: number, opened: number }} saving
 * @param {Failure | undefined} failure
 */
export function detailsOfOpening(fileId, saving, failure) {
  return lines('Sealift download', {
    time: new Date().toISOString(),
    state: saving.state,
    file: fileId,
    code: failure?.code,
    status: failure?.status,
    request: failure?.requestId,
    ...numbersOf(failure),
    size: saving.size,
    opened: saving.opened,
    browser: navigator.userAgent,
  });
}

/**
 * Describes an upload that the server lists as unfinished.
 *
 * @param {UploadSummary} upload
 */
export function detailsOfUnfinished(upload) {
  return lines('Sealift upload', {
    time: new Date().toISOString(),
    state: upload.state,
    upload: upload.upload_id,
    file: upload.file_id,
    size: upload.size,
    signed_parts: upload.signed_parts,
    parts: upload.part_count,
    opened: new Date(upload.opened_at_ms).toISOString(),
    expires: new Date(upload.expires_at_ms).toISOString(),
    browser: navigator.userAgent,
  });
}

/**
 * Some failures have words among their numbers. Only figures and the codes of store and KMS cannot identify a person.
 *
 * @param {Failure | undefined} failure
 */
function numbersOf(failure) {
  /** @param {[string, unknown]} number */
  const isSure = ([name, value]) => typeof value === 'number' || name.endsWith('_code');
  return Object.fromEntries(Object.entries(failure?.numbers ?? {}).filter(isSure));
}

/**
 * @param {string} title
 * @param {Record<string, unknown>} known
 */
function lines(title, known) {
  const given = Object.entries(known).filter(([, value]) => value !== undefined);
  return [title, ...given.map(([what, value]) => `${what}: ${value}`)].join('\n');
}
