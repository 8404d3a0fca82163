// What a person can do about a failure.

// The same file would fail in the same way.
const LASTING = new Set(['file_too_large', 'part_too_large', 'invalid_name']);
// Nothing is left that could go on.
const GONE = new Set([
  'upload_gone', 'upload_expired', 'upload_failed', 'upload_not_open', 'part_already_sealed', 'token_reused', 'parts_differ', 'not_found',
]);

// Whether the server has nothing of this entry that could go on.
export function isGone(entry) {
  return !entry.uploadId || entry.state === 'cancelled' || entry.state === 'done' || GONE.has(entry.failure?.code);
}

// The classes of the buttons that help.
export function remedies(entry) {
  if (entry.state === 'left') return ['choose-again', 'discard'];
  if (entry.state !== 'failed') return [];
  const { code } = entry.failure;
  if (LASTING.has(code)) return [];
  if (GONE.has(code)) return ['start-anew'];
  if (code === 'other_tab') return ['retry'];
  const first = code === 'file_changed' ? ['start-anew', 'choose-again'] : ['retry'];
  return entry.uploadId ? [...first, 'discard'] : first;
}
