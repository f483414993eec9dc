import { mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A folder as the kubelet mounts a ConfigMap: each file is a link through `..data`, which is a link to a folder with a time in its name. A new version
 * is a new folder, and `..data` is replaced by a rename (Kubernetes' pkg/volume/util/atomic_writer.go).
 */
export class ConfigMapFolder {
  #version = 0;

  constructor(readonly path: string) {
    mkdirSync(path, { recursive: true });
  }

  /** Shows these files, and no others. */
  update(files: Readonly<Record<string, string>>): void {
    const before = this.#version === 0 ? undefined : readlinkSync(join(this.path, "..data"));
    this.#version += 1;
    const folder = `..2026_11_27_07_00_00.${this.#version}`;
    mkdirSync(join(this.path, folder));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.path, folder, name), text, { mode: 0o644 });
    symlinkSync(folder, join(this.path, "..data_tmp"));
    renameSync(join(this.path, "..data_tmp"), join(this.path, "..data"));
    const shown = readdirSync(this.path).filter((name) => !name.startsWith(".."));
    for (const name of Object.keys(files)) if (!shown.includes(name)) symlinkSync(join("..data", name), join(this.path, name));
    for (const name of shown) if (!(name in files)) rmSync(join(this.path, name));
    if (before !== undefined) rmSync(join(this.path, before), { recursive: true });
  }
}
