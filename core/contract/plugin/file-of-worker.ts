import path from "node:path";

/**
 * The name under which one of several workers writes a file, as two processes cannot write into one: `web.pcapng` becomes `web.w2.pcapng`. With one
 * process it is the file itself.
 *
 * @param worker the worker of {@link Place}
 */
export function fileOfWorker(file: string, worker: number | undefined): string {
  if (worker === undefined) return file;
  const { dir, name, ext } = path.parse(file);
  return path.join(dir, `${name}.w${worker}${ext}`);
}
