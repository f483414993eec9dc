import { execFile } from "node:child_process";
import { cpSync, mkdirSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { strangersEnvironment } from "./packed-tarball.ts";

const execute = promisify(execFile);

/** What a container file says: instructions that are used here, and no others. */
export interface Image {
  /** Where `/` of the last stage is. */
  readonly root: string;
  /** Where its process starts, below `root`. */
  readonly workFolder: string;
  readonly user: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly ports: readonly number[];
  readonly from: string;
}

type Built = { -readonly [Name in keyof Image]: Image[Name] };

interface Building {
  readonly context: string;
  readonly folder: string;
  readonly stages: Map<string, Built>;
  stage: Built | undefined;
}

/**
 * Does what a container file says, in order, in a folder instead of an image: each stage begins with an empty folder in place of what its image has, and
 * commands are run with this machine's programs.
 *
 * @throws for an instruction that is not known here
 */
export async function buildInFolder(text: string, context: string, folder: string): Promise<Image> {
  const building: Building = { context, folder, stages: new Map(), stage: undefined };
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, name = "", rest = ""] = /^(\w+) (.*)$/.exec(line) ?? [];
    await instruction(building, name, rest);
  }
  return stageOf(building);
}

function stageOf({ stage }: Building): Built {
  if (stage === undefined) throw new Error("it begins with something else than FROM");
  return stage;
}

async function instruction(building: Building, name: string, rest: string): Promise<void> {
  const known = instructions[name];
  if (known === undefined) throw new Error(`no such instruction here: ${name}`);
  await known(building, rest);
}

const list = (text: string): string[] => JSON.parse(text) as string[];

const instructions: Readonly<Record<string, (building: Building, rest: string) => void | Promise<void>>> = {
  FROM: (building, rest) => {
    const [from = "", , name = String(building.stages.size)] = rest.split(" ");
    const root = join(building.folder, name);
    mkdirSync(root, { recursive: true });
    building.stage = { root, workFolder: root, user: "0", environment: {}, entrypoint: [], command: [], ports: [], from };
    building.stages.set(name, building.stage);
  },
  WORKDIR: (building, rest) => {
    const stage = stageOf(building);
    stage.workFolder = join(stage.root, rest);
    mkdirSync(stage.workFolder, { recursive: true });
  },
  COPY: (building, rest) => {
    const stage = stageOf(building);
    const [, from] = /^--from=(\S+) /.exec(rest) ?? [];
    const names = rest.replace(/^--from=\S+ /, "").split(" ");
    const to = join(stage.workFolder, names.pop() ?? "");
    const source = from === undefined ? building.context : (building.stages.get(from)?.root ?? "");
    for (const each of names) {
      const place = rest.endsWith("/") ? join(to, basename(each)) : to;
      // An earlier stage is over: its thousands of files are moved, which looks the same from here.
      if (from === undefined) cpSync(join(source, each), place, { recursive: true });
      else renameSync(join(source, each), place);
    }
  },
  RUN: async (building, rest) => {
    const { workFolder, environment } = stageOf(building);
    await execute("/bin/sh", ["-c", rest], {
      cwd: workFolder,
      env: { ...strangersEnvironment, npm_config_prefer_offline: "true", ...environment },
    });
  },
  ENV: (building, rest) => {
    const stage = stageOf(building);
    const [name = "", value = ""] = rest.split("=");
    stage.environment = { ...stage.environment, [name]: value };
  },
  USER: (building, rest) => void (stageOf(building).user = rest),
  EXPOSE: (building, rest) => void (stageOf(building).ports = rest.split(" ").map(Number)),
  ENTRYPOINT: (building, rest) => void (stageOf(building).entrypoint = list(rest)),
  CMD: (building, rest) => void (stageOf(building).command = list(rest)),
};
