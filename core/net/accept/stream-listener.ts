import { lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { addressText, socketAddress, type ListenAddress, type SocketAddress } from "../../contract/index.ts";
import { acceptFast, fastAcceptWorks, type OnAccept } from "../node/fast-accept.ts";
import { tryLateOnread } from "../node/late-onread.ts";
import { tryResets } from "../node/reset-means.ts";
import { tryTruncation } from "../node/tls-truncation.ts";
import { listenError } from "../os-errors.ts";
import { accessOf, giveAccess, withoutAccess, type UnixAccess } from "./unix-access.ts";

/** As many as the kernel allows; Node's own default of 511 drops SYNs in a burst. */
const BACKLOG = 4096;
const serverOptions = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true };

/** A bound TCP or unix socket. It lives from the generation that brought it to the one that drops it, and is never bound again between. */
export class StreamListener {
  /** Given each new socket, not reading yet. Set before the first event can come. */
  onAccept: OnAccept = (socket) => socket.destroy();
  /** The operating system refused a connection (out of descriptors). */
  onDrop: () => void = () => undefined;

  #server: Server;
  #toNative: (() => void) | undefined;

  private constructor(
    server: Server,
    readonly local: SocketAddress,
    private readonly canBeFast: boolean,
  ) {
    this.#server = server;
    this.#attend(server);
  }

  /** @throws SLUICE_ADDRESS_IN_USE, SLUICE_ADDRESS_FORBIDDEN, SLUICE_ADDRESS_UNAVAILABLE */
  static async bind(address: ListenAddress, name: string, access?: UnixAccess): Promise<StreamListener> {
    const [fast] = await Promise.all([fastAcceptWorks(), tryLateOnread(), tryTruncation(), tryResets()]);
    const server = createServer(serverOptions);
    try {
      await listen(server, address, access).catch(async (error: unknown) => {
        if (address.path === undefined || !(await isStale(address.path))) throw error;
        unlinkSync(address.path);
        await listen(server, address, access);
      });
      if (address.path !== undefined && access !== undefined) giveAccess(address.path, access);
    } catch (error) {
      server.close();
      throw listenError(error, name, addressText(address));
    }
    return new StreamListener(server, localOf(server, address), fast);
  }

  /** Gives the file of a unix socket another mode and group. @returns how to take that back @throws the operating system's error */
  permit(access: UnixAccess): () => void {
    const { address: path } = this.local;
    const before = accessOf(path);
    giveAccess(path, access);
    return () => {
      giveAccess(path, before);
    };
  }

  /** Whether sockets read into reusable buffers. TLS needs them plain. Holds for sockets accepted from now on. */
  useFast(wanted: boolean): void {
    if (wanted && this.canBeFast)
      this.#toNative ??= acceptFast(this.#server, (socket, buffer) => {
        this.onAccept(socket, buffer);
      });
    else {
      this.#toNative?.();
      this.#toNative = undefined;
    }
  }

  /** Stops accepting at once; accepted sockets live on. Closing it twice does nothing more. */
  close(): void {
    this.#server.close();
  }

  /** Binds a TCP socket that was closed to make room for another, where it was. Rejects with the operating system's error. */
  async reopen(): Promise<void> {
    const { address: host, port } = this.local;
    const server = createServer(serverOptions);
    await listen(server, { transport: "tcp", host, port, path: undefined });
    const fast = this.#toNative !== undefined;
    this.#server = server;
    this.#toNative = undefined;
    this.#attend(server);
    this.useFast(fast);
  }

  #attend(server: Server): void {
    server.on("connection", (socket) => {
      this.onAccept(socket, undefined);
    });
    server.on("error", () => {
      this.onDrop();
    });
    server.on("drop", () => {
      this.onDrop();
    });
  }
}

/** @param access that the socket file will be given: until then nobody else may connect */
function listen(server: Server, { host, port, path }: ListenAddress, access?: UnixAccess): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const listening = (): void => {
      server.off("error", reject);
      resolve();
    };
    if (path === undefined) server.listen({ host, port, backlog: BACKLOG }, listening);
    else if (access?.mode === undefined) server.listen({ path, backlog: BACKLOG }, listening);
    else withoutAccess(() => server.listen({ path, backlog: BACKLOG }, listening));
  });
}

/** A unix socket file that nobody answers at: left behind by a process that was killed. To connect to any other file is refused too. */
function isStale(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) {
      resolve(false);
      return;
    }
    const probe = connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "ECONNREFUSED");
    });
  });
}

function localOf(server: Server, { path }: ListenAddress): SocketAddress {
  const bound = server.address();
  if (bound === null || typeof bound === "string") return socketAddress(path ?? "", 0, "unix");
  return socketAddress(bound.address, bound.port, bound.family === "IPv6" ? "IPv6" : "IPv4");
}
