import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { CryptoKey, JWTPayload } from "jose";

/** An issuer of tokens with a server that publishes its key. */
export interface TokenIssuer {
  readonly jwksUrl: string;
  readonly publicKey: CryptoKey;
  /** How often its keys have been asked for. */
  readonly asked: () => number;
  /** What the server answers: its keys, or that it is out of order. */
  status: number;
  /** Signs claims as given: nothing is added. */
  sign(claims: JWTPayload): Promise<string>;
  close(): Promise<void>;
}

const ALG = "ES256";

export async function startTokenIssuer(): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair(ALG, { extractable: true });
  const keys = [{ ...(await exportJWK(publicKey)), alg: ALG, kid: "1" }];
  let asked = 0;
  const server = createServer((_req, res) => {
    asked += 1;
    res.writeHead(issuer.status, { "content-type": "application/json" }).end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer: TokenIssuer = {
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    publicKey,
    asked: () => asked,
    status: 200,
    sign: (claims) => new SignJWT(claims).setProtectedHeader({ alg: ALG, kid: "1" }).sign(privateKey),
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
  return issuer;
}
