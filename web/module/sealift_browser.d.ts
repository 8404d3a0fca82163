import type { Policy, UploadSummary } from './api.js';
import type { DownloadReport, Report } from './report.js';


export class Opener {
    free(): void;
    [Symbol.dispose](): void;
    cancel(): void;
    leave(): void;
    logInDeclined(): void;
    logIn(api_key?: string | null): void;
    constructor(report: (report: DownloadReport | Report) => void, options?: object | null);
    save(file_id: string, size: number, picked: FileSystemFileHandle | null | undefined, in_memory: boolean): void;
}

export class Uploads {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    add(id: number, file: File, name?: string | null): void;
    askAgain(): void;
    cancel(id: number): void;
    confirm(id: number, yes: boolean): void;
    discard(upload_id: string): Promise<void>;
    goOn(id: number): void;
    leave(id: number): void;
    logInDeclined(): void;
    logIn(api_key?: string | null): void;
    static open(backend: string, report: (report: Report) => void, options?: object | null): Promise<Uploads>;
    pause(id: number): void;
    policy(): Promise<Policy>;
    resume(id: number, upload_id: string, file: File): void;
    startAnew(id: number, file: File, name?: string | null): void;
    unfinished(): Promise<UploadSummary[]>;
}

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

export default function __wbg_init (module_or_path?: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
