import type { Leg, LegReader } from "sluice";

/** A leg of which the test plays the peer. */
export class FakeLeg implements Leg {
  readonly datagrams = false;
  readonly records = false;
  readonly borrows = true;
  readonly pending = 0;
  gather = false;
  lend = true;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  /** What was written to the peer. */
  readonly written: string[] = [];
  /** How often it was resumed. */
  resumed = 0;
  fate: "open" | "reset" | "destroyed" = "open";
  #reader: LegReader | undefined;

  /** @param early what comes as soon as it is read */
  constructor(private readonly early: (leg: FakeLeg) => void = () => undefined) {}

  /** @returns whether more may come */
  says(text: string): boolean {
    return this.#reader?.data(Buffer.from(text, "latin1")) ?? false;
  }

  finishes(): void {
    this.#reader?.end();
  }

  read(reader: LegReader): void {
    this.#reader = reader;
    this.early(this);
  }

  fails(error: Parameters<LegReader["failed"]>[0]): void {
    this.#reader?.failed(error);
  }

  write(chunk: Buffer): boolean {
    if (this.fate === "open") this.written.push(String(chunk));
    return true;
  }

  resume(): void {
    this.resumed += 1;
  }

  end(): void {
    this.destroy();
  }

  reset(): void {
    if (this.fate === "open") this.fate = "reset";
  }

  destroy(): void {
    if (this.fate === "open") this.fate = "destroyed";
  }
}
