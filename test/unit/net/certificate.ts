import { generate } from "selfsigned";

/** A self-signed certificate and its key, as PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate for a DNS name or, with `ip`, for 127.0.0.1. */
export async function testCertificate(name: string): Promise<TestCertificate> {
  const altNames = name === "127.0.0.1" ? [{ type: 7, ip: name } as const] : [{ type: 2, value: name } as const];
  const { cert, private: key } = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames },
    ],
  });
  return { cert, key };
}
