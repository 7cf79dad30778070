/** An answer, decided before anything is sent. */
export interface Answer {
  readonly status: number;
  /** By names in lower case; they go before what every answer carries. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, and text as it is, with its own `content-type` among the headers; undefined = no body. */
  readonly body?: object | string;
}

/** 200 with a JSON body. */
export function ok(body: object): Answer {
  return { status: 200, body };
}

/** 201 with what was made. */
export function created(body: object): Answer {
  return { status: 201, body };
}

/** Done, and nothing to say of it. */
export const NO_CONTENT: Answer = { status: 204 };
