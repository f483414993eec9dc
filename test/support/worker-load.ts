import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Cleanup } from "./cleanup.ts";
import { connect, readBytes } from "./sockets.ts";
import { FlowLoad } from "./worker-flows.ts";

/** The worker that answered, and the letter of the config it did it with. */
interface Answer {
  readonly pid: number;
  readonly letter: string;
}

/** What a client of the load does again and again. */
interface Work {
  readonly name: string;
  readonly port: number;
  readonly question: string;
  /** Connections that stay, or one for each exchange. */
  readonly keeps: boolean;
}

const paceMs = 5;
const answerPattern = /(\d+) (\w) x$/;
/** The end of any other answer: of the upstream, or an error of the proxy. */
const otherPattern = /^HTTP\/1\.1 (?!200)\d{3} [\s\S]*\r\n\r\n|undefined x$/;

/** Where the load goes: listeners that answer with `PID LETTER x`, over TCP, HTTP and UDP. */
export interface LoadPorts {
  readonly tcp: number;
  readonly web: number;
  readonly udp: number;
}

/** Clients of a proxy of several workers, who know which worker each of their connections is at. */
export class WorkerLoad {
  exchanges = 0;
  /** Sessions that broke because their worker was killed. */
  lost = 0;
  /** What should never happen. */
  readonly failures: string[] = [];
  /** The letters of the last answers on connections that stay. */
  readonly letters = new Map<string, string>();
  /** What has come of an answer that is not complete, by client. */
  readonly unfinished = new Map<string, string>();
  readonly flows: FlowLoad;
  readonly #killed: Set<number>;
  #kills = 0;
  #isStopped = false;
  readonly #clients: Promise<void>[] = [];

  private constructor(flows: FlowLoad, { tcp, web }: LoadPorts, killed: Set<number>) {
    this.flows = flows;
    this.#killed = killed;
    const http = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
    const works = [
      { name: "tcp", port: tcp, question: "x" },
      { name: "http", port: web, question: http },
    ];
    for (const work of works) {
      for (let client = 0; client < 4; client += 1) this.#clients.push(this.#run({ ...work, keeps: true, name: `${work.name} ${client}` }));
      this.#clients.push(this.#run({ ...work, keeps: false, name: `${work.name}, each once` }));
    }
  }

  static async start(cleanup: Cleanup, ports: LoadPorts): Promise<WorkerLoad> {
    const killed = new Set<number>();
    const load = new WorkerLoad(await FlowLoad.start(cleanup, ports.udp, killed), ports, killed);
    cleanup.add(() => load.stop());
    return load;
  }

  /** Kills a worker. From now on its connections may break. */
  kill(pid: number): void {
    this.#killed.add(pid);
    this.#kills += 1;
    process.kill(pid, "SIGKILL");
  }

  /** Ends after the exchanges that are under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#clients, this.flows.stop()]);
  }

  async #run(work: Work): Promise<void> {
    while (!this.#isStopped) {
      const killsBefore = this.#kills;
      let at: number | undefined;
      let socket: Socket | undefined;
      try {
        socket = await connect(work.port);
        do {
          const { pid, letter } = await this.#say(socket, work);
          if (at !== undefined && pid !== at) this.failures.push(`${work.name}: one connection at the workers ${at} and ${pid}`);
          at = pid;
          this.exchanges += 1;
          if (work.keeps) this.letters.set(work.name, letter);
          await pause(paceMs);
        } while (work.keeps && !this.#isStopped);
      } catch (error) {
        this.#broke(work, at, { killsBefore, error });
      } finally {
        socket?.destroy();
      }
    }
  }

  /** @throws when another answer comes, or none; the error says what had come */
  async #say(socket: Socket, { name, question }: Work): Promise<Answer> {
    socket.write(question);
    let text = "";
    for (;;) {
      const [, pid, letter = ""] = answerPattern.exec(text) ?? [];
      if (pid !== undefined) {
        this.unfinished.delete(name);
        return { pid: Number(pid), letter };
      }
      this.unfinished.set(name, text);
      if (otherPattern.test(text)) throw new Error(`it answered ${JSON.stringify(text)}`);
      try {
        text += String(await readBytes(socket, Math.max(1, socket.readableLength), patienceMs));
      } catch (error) {
        throw new Error(`after ${JSON.stringify(text)}: ${String(error)}`, { cause: error });
      }
    }
  }

  /** One whose worker is not known, because nothing had come yet, may be the one of a worker that was killed meanwhile. */
  #broke({ name }: Work, at: number | undefined, { killsBefore, error }: { killsBefore: number; error: unknown }): void {
    const isKilled = at === undefined ? this.#kills > killsBefore : this.#killed.has(at);
    if (isKilled) this.lost += 1;
    else this.failures.push(`${name}: at the worker ${at ?? "(unknown)"}: ${String(error)}`);
  }
}

/** Long: the machine may be busy. */
const patienceMs = 30_000;
