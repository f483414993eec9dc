import { createCipheriv, createHmac } from "node:crypto";

/** A version of QUIC whose Initial packets can be read. Everybody can read them: their keys are derived from the first packet itself. */
interface Version {
  readonly salt: Buffer;
  /** The beginning of the labels of its keys. */
  readonly label: string;
  /** The type of an Initial packet, in the header's first byte. */
  readonly initial: number;
}

/** RFC 9001 section 5.2, and RFC 9369 section 3. */
export const versions: ReadonlyMap<number, Version> = new Map([
  [0x00_00_00_01, { salt: Buffer.from("38762cf7f55934b34d179ae6a4c80cadccbb7f0a", "hex"), label: "quic", initial: 0 }],
  [0x6b_33_43_cf, { salt: Buffer.from("0dede3def700a6db819381be6e269dcbf9bd2ed9", "hex"), label: "quicv2", initial: 1 }],
]);

/** The keys of a client's Initial packets. */
export interface InitialKeys {
  readonly key: Buffer;
  readonly iv: Buffer;
  /** The key of the header protection. */
  readonly hp: Buffer;
}

/** @param connectionId the destination connection id of the client's first packet; the keys do not change when later packets have another id */
export function clientKeys({ salt, label }: Version, connectionId: Buffer): InitialKeys {
  const initial = createHmac("sha256", salt).update(connectionId).digest();
  const secret = expandLabel(initial, "client in", 32);
  return {
    key: expandLabel(secret, `${label} key`, 16),
    iv: expandLabel(secret, `${label} iv`, 12),
    hp: expandLabel(secret, `${label} hp`, 16),
  };
}

/** The mask that hides bits of the first byte and the packet number (RFC 9001 section 5.4.3). */
export function headerMask({ hp }: InitialKeys, sample: Buffer): Buffer {
  return createCipheriv("aes-128-ecb", hp, null).update(sample);
}

/** HKDF-Expand-Label (RFC 8446 section 7.1), for results of at most one block. */
function expandLabel(secret: Buffer, label: string, length: number): Buffer {
  const text = Buffer.from(`tls13 ${label}`, "latin1");
  const info = Buffer.concat([Buffer.from([0, length, text.length]), text, Buffer.from([0, 1])]);
  return createHmac("sha256", secret).update(info).digest().subarray(0, length);
}
