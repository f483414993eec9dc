import { once } from "node:events";
import { lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { addressText, socketAddress, type ListenAddress, type SocketAddress } from "../../../contract/index.ts";
import { acceptFast } from "../../node/fast-accept.ts";
import { acceptRaw, type TakeConnection } from "../../node/raw-accept.ts";
import type { ReadBuffer } from "../../node/read-buffer.ts";
import { listenError } from "../../os-errors.ts";
import type { BoundSocket, ClientHost, ListenOptions } from "../bound-socket.ts";
import { StreamClient, TlsClient } from "./stream-client.ts";
import { tryStreams } from "./stream-trials.ts";
import { accessOf, giveAccess, withoutAccess, type UnixAccess } from "./unix-access.ts";

/** Connections that may wait to be accepted, limited by the kernel. Node's default of 511 loses SYNs in a burst. */
const BACKLOG = 4096;
const serverOptions = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true };

/** A bound TCP or unix socket. */
export class StreamListener implements BoundSocket {
  #host: ClientHost | undefined;
  #helloFirst = false;
  #keepAlive: number | undefined;
  #server: Server;
  #isFast = false;
  /** Set if connections go to another process. */
  #take: TakeConnection | undefined;

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
    const fast = await tryStreams();
    const server = createServer(serverOptions);
    try {
      await listen(server, address, access).catch(async (error: unknown) => {
        if (address.path === undefined || !(await isStale(address.path))) throw error;
        unlinkSync(address.path);
        await listen(server, address, access);
      });
      if (address.path !== undefined && access !== undefined) giveAccess(address.path, access, name);
    } catch (error) {
      server.close();
      throw listenError(error, name, addressText(address));
    }
    return new StreamListener(server, localOf(server, address), fast);
  }

  /** Takes over a TCP socket that is already bound and listens. Rejects with the error of Node or of the operating system. */
  static async inherit(fd: number): Promise<StreamListener> {
    const fast = await tryStreams();
    const server = createServer(serverOptions);
    const listening = once(server, "listening");
    server.listen({ fd, backlog: BACKLOG });
    await listening;
    if (typeof server.address() !== "string") return new StreamListener(server, localOf(server, { path: undefined }), fast);
    server.close();
    throw new Error("a unix socket");
  }

  permit(access: UnixAccess, listener: string): () => void {
    const { address: path } = this.local;
    const before = accessOf(path);
    giveAccess(path, access, listener);
    return () => {
      giveAccess(path, before, listener);
    };
  }

  /** Applies to sockets accepted from now on. */
  accept(host: ClientHost, helloFirst: boolean): void {
    this.#host = host;
    this.#helloFirst = helloFirst;
    this.#readFast();
  }

  hand(take: TakeConnection): void {
    this.#take = take;
    this.#server.removeAllListeners("connection");
    acceptRaw(this.#server, (connection) => this.#take?.(connection));
  }

  configure({ socket }: ListenOptions): void {
    this.#keepAlive = socket?.keepAlive;
  }

  /** Does nothing: connections have sockets of their own. */
  adopt(): void {
    // Nothing of the previous socket has to be taken over.
  }

  close(): void {
    this.#server.close();
  }

  async reopen(): Promise<void> {
    const { address: host, port } = this.local;
    const server = createServer(serverOptions);
    await listen(server, { host, port, path: undefined });
    this.#server = server;
    this.#isFast = false;
    this.#attend(server);
    if (this.#take === undefined) this.#readFast();
    else this.hand(this.#take);
  }

  /** Accepts sockets that read into reusable buffers, where this Node can. */
  #readFast(): void {
    if (!this.canBeFast || this.#isFast) return;
    this.#isFast = acceptFast(this.#server, (socket, buffer) => {
      this.#accept(socket, buffer);
    });
  }

  #accept(socket: Socket, buffer: ReadBuffer | undefined): void {
    const host = this.#host;
    if (host === undefined) {
      socket.destroy();
      return;
    }
    if (this.#keepAlive !== undefined) socket.setKeepAlive(true, this.#keepAlive);
    host.accepted(this.#helloFirst ? new TlsClient(socket, buffer) : new StreamClient(socket, buffer));
  }

  #attend(server: Server): void {
    server.on("connection", (socket) => {
      this.#accept(socket, undefined);
    });
    server.on("error", () => this.#host?.outOfFiles());
    server.on("drop", () => this.#host?.outOfFiles());
  }
}

type ListenPlace = Pick<ListenAddress, "host" | "port" | "path">;

/** @param access that the socket file gets later; until then only this user may connect */
function listen(server: Server, { host, port, path }: ListenPlace, access?: UnixAccess): Promise<void> {
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

/**
 * Whether a unix socket file was left behind by a killed process: nobody answers at it. Only a socket counts, as connecting to any other file is
 * refused too.
 */
export function isStale(path: string): Promise<boolean> {
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

function localOf(server: Server, { path }: Pick<ListenAddress, "path">): SocketAddress {
  const bound = server.address();
  if (bound === null || typeof bound === "string") return socketAddress(path ?? "", 0, "unix");
  return socketAddress(bound.address, bound.port, bound.family === "IPv6" ? "IPv6" : "IPv4");
}
