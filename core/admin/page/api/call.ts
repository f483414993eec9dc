import { takeToken } from "./token.ts";

/** An error answer of the server; status 0: there was no answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly where?: string,
  ) {
    super(message);
  }
}

interface Refused {
  readonly error?: { readonly code: string; readonly message: string; readonly where?: string };
}

/** Calls an operation of the API. @throws ApiError */
export async function call<T>(method: "GET" | "POST" | "PATCH" | "DELETE", path: string, body?: object): Promise<T> {
  const headers: Record<string, string> = { authorization: `Bearer ${takeToken() ?? ""}` };
  if (method !== "GET") headers["content-type"] = "application/json";
  const response = await fetch(`/api/v1/${path}`, {
    method,
    headers,
    ...(method === "GET" ? {} : { body: JSON.stringify(body ?? {}) }),
  }).catch(() => {
    throw new ApiError(0, "", "The proxy does not answer.");
  });
  if (!response.ok) throw await refusalOf(response);
  return (await response.json()) as T;
}

async function refusalOf(response: Response): Promise<ApiError> {
  const { error } = (await response.json().catch(() => ({}))) as Refused;
  return new ApiError(response.status, error?.code ?? "", error?.message ?? response.statusText, error?.where);
}

/** A part of an address in the API. */
export const segment = encodeURIComponent;
