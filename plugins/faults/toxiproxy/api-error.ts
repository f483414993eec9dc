import { reasonOf } from "sluice";

/** An error answer of the API, with toxiproxy's words and status codes. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export const badBody = (reason: string): ApiError => new ApiError(`bad request body: ${reason}`, 400);
export const missingField = (field: string): ApiError => new ApiError(`missing required field: ${field}`, 400);
export const proxyNotFound = (): ApiError => new ApiError("proxy not found", 404);
export const proxyExists = (): ApiError => new ApiError("proxy already exists", 409);
export const invalidStream = (): ApiError => new ApiError("stream was invalid, can be either upstream or downstream", 400);
export const invalidToxicType = (): ApiError => new ApiError("invalid toxic type", 400);
export const toxicExists = (): ApiError => new ApiError("toxic already exists", 409);
export const toxicNotFound = (): ApiError => new ApiError("toxic not found", 404);

/** Every other error is an error of the server, such as an address in use. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(reasonOf(error), 500);
}
