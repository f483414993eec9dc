import { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { tryOverLoopback } from "./loopback-trial.ts";
import { resetSocket } from "./reset-socket.ts";
import { wasReset } from "./was-reset.ts";

let trial: Promise<void> | undefined;
let missing: readonly string[] = [];

/**
 * Tries whether this Node can pass resets on, for which it has no documented way: once per process, over loopback, before the first listener is
 * bound. If Node renamed an internal that this needs, resets would silently become ends, and peers would take cut-off data for complete data.
 */
export function tryResets(): Promise<void> {
  trial ??= tryAll();
  return trial;
}

/** The parts that did not work, in words for the log. */
export function missingForResets(): readonly string[] {
  return missing;
}

async function tryAll(): Promise<void> {
  const [reaches, tells, below] = [await resetReaches(resetSocket), await resetIsTold(wasReset), hasSocketBelow()];
  missing = [
    ...(reaches ? [] : [saying("a reset cannot be passed on, and peers will see an ordinary end instead")]),
    ...(tells ? [] : [saying("a reset that comes with the last bytes cannot be told from an end")]),
    ...(below ? [] : [saying("the socket below a TLS connection cannot be found: TLS can be neither terminated nor reset")]),
  ];
}

function saying(lack: string): string {
  return `Node ${process.version}: ${lack}; use a version of Node that this version of sluice was tested with`;
}

/** Whether the peer of a socket that was given to `reset` sees a reset. */
export function resetReaches(reset: (socket: Socket) => void): Promise<boolean> {
  return withPair((near, far, done) => {
    far.on("error", (error: NodeJS.ErrnoException) => {
      done(error.code === "ECONNRESET");
    });
    far.on("end", () => {
      done(false);
    });
    far.resume();
    reset(near);
  });
}

/** Whether `told` returns the truth for a paused socket: first that its peer is there, then that it has reset the connection. */
export function resetIsTold(told: (socket: Socket) => boolean): Promise<boolean> {
  return withPair((near, far, done) => {
    if (told(near)) {
      done(false);
      return;
    }
    const look = (): void => {
      if (near.destroyed || told(near)) done(!near.destroyed);
      else setTimeout(look, 1);
    };
    far.resetAndDestroy();
    look();
  });
}

function hasSocketBelow(): boolean {
  const below = new Socket();
  const secured = new TLSSocket(below, { isServer: false });
  secured.on("error", () => undefined);
  const found = (secured as unknown as { _parent?: Socket })._parent === below;
  secured.destroy();
  below.destroy();
  return found;
}

/** @param run takes both ends of a connection; the near one is accepted and paused */
function withPair(run: (near: Socket, far: Socket, done: (works: boolean) => void) => void): Promise<boolean> {
  return tryOverLoopback(
    ({ server, client }, done) => {
      server.on("connection", (near) => {
        run(near, client, done);
      });
    },
    { pauseOnConnect: true, allowHalfOpen: true },
  );
}
