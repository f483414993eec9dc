import type { ListenAddress } from "../../contract/index.ts";
import type { SocketHolder, WantedSocket } from "../generation/socket-claims.ts";

/** A socket that is bound now, which may have to make room for another. */
export interface MovableSocket extends SocketHolder {
  /** Stops accepting at once. Connections stay open. */
  release(): void;
  /** Accepts again where it did. Rejects with the operating system's error. */
  reopen(): Promise<void>;
}

/** A socket beside those of the listeners: it is bound with them, all or none. */
export interface SocketBeside {
  /** Undefined: there is none now. */
  readonly running: MovableSocket | undefined;
  /** Undefined: the next config has none. */
  readonly next: WantedSocket | undefined;
  /** The one that is bound now stays. */
  keep(): void;
  /** Binds the next one. @returns a function that closes it again @throws SLUICE_ADDRESS_IN_USE and other SLUICE_ADDRESS_… codes */
  bind(address: ListenAddress): Promise<() => void>;
}
