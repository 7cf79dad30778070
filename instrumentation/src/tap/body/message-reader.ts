import { KeptText } from "../estimate/kept-text.ts";
import { addOutput } from "../estimate/output-text.ts";
import { estimates } from "../estimate/setting.ts";
import type { Fields } from "../formats/fields.ts";
import { parseFields } from "../formats/fields.ts";
import type { AnswerFormat } from "../formats/wire-format.ts";
import type { Finding } from "./finding.ts";

/** The first messages name model and id; Azure's very first one names neither. */
const HEAD_MESSAGES = 2;

/** Puts together what the messages of one answer say. */
export class MessageReader {
  readonly #format: AnswerFormat;
  #seen = 0;
  #usage: Fields | null = null;
  #complete = false;
  #outputDeltas = 0;
  readonly #outputText = estimates().on ? new KeptText() : null;
  #labels: Partial<Pick<Finding, "responseModel" | "responseId" | "serviceTier" | "errorType">> = {};

  constructor(format: AnswerFormat) {
    this.#format = format;
  }

  /**
   * Learns from one streamed message. `text` is all of it, `json` its JSON part, asked for only where it matters. Returns the
   * parsed message, null if it was not worth parsing or is no JSON object.
   */
  streamed(text: string, json: () => string): Fields | null {
    this.#seen += 1;
    if (this.#format.output.test(text)) {
      this.#outputDeltas += 1;
      if (this.#outputText !== null) addOutput(this.#outputText, json(), this.#format.output);
    }
    if (this.#seen > HEAD_MESSAGES && !this.#format.matters.test(text)) return null;
    const message = parseFields(json());
    if (message !== null) this.learn(message);
    return message;
  }

  /** Learns from the text of an answer that is no stream; null: it was cut. */
  whole(text: string, message: Fields | null): void {
    if (message !== null) {
      this.learn(message);
      this.complete();
    }
    const { output, wholeOutput = output } = this.#format;
    if (this.#outputText !== null && this.#usage === null) addOutput(this.#outputText, text, wholeOutput);
  }

  /** Learns from a parsed message, or from facts that came beside one. */
  learn(message: Fields): void {
    const { usage, final, model, id, serviceTier, errorType } = this.#format.read(message);
    if (usage !== null) {
      const said = Object.entries(usage).filter(([, value]) => value !== null && value !== undefined);
      this.#usage = { ...this.#usage, ...Object.fromEntries(said) };
    }
    const known = this.#labels;
    this.#labels = {
      responseModel: known.responseModel ?? model,
      responseId: known.responseId ?? id,
      serviceTier: serviceTier ?? known.serviceTier,
      errorType: known.errorType ?? errorType,
    };
    if (final) this.#complete = true;
  }

  /** Nothing that could change the usage follows. */
  complete(): void {
    this.#complete = true;
  }

  finding(): Finding {
    return {
      usage: this.#usage === null ? null : this.#format.usage(this.#usage),
      complete: this.#complete,
      outputDeltas: this.#outputDeltas,
      outputText: this.#outputText,
      responseModel: this.#labels.responseModel,
      responseId: this.#labels.responseId,
      serviceTier: this.#labels.serviceTier,
      errorType: this.#labels.errorType,
    };
  }
}
