// What only some browsers have, and TypeScript's own list therefore lacks.

type PermissionAsked = { mode: 'read' | 'readwrite' };

declare var showOpenFilePicker: ((options: { multiple: boolean }) => Promise<FileSystemFileHandle[]>) | undefined;
declare var showSaveFilePicker: ((options: { suggestedName: string }) => Promise<FileSystemFileHandle>) | undefined;

interface FileSystemFileHandle {
  queryPermission?(asked: PermissionAsked): Promise<PermissionState>;
  requestPermission?(asked: PermissionAsked): Promise<PermissionState>;
  remove?(): Promise<void>;
}

interface DataTransferItem {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

interface TrustedTypePolicy {
  // Only a worker takes the result, and its declaration takes a text.
  createScriptURL(address: string): string;
}

declare var trustedTypes: { createPolicy(name: string, rules: { createScriptURL(address: string): string }): TrustedTypePolicy } | undefined;
