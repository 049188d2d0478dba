// What the console draws differently for each kind of ticket; the rest is the same for all of them.
import type { ReactNode } from "react";
import type { Asked, Requestable, TicketDetail } from "../../api/types.ts";
import type { Wish } from "../ask-button.tsx";

export interface FieldsProps<D> {
  draft: D;
  onChange(draft: D): void;
  /** The sentence about a field of what is asked for, when it is wrong. */
  wrong: (field: string) => string | undefined;
}

export interface NarrowProps<A extends Asked> {
  ticket: TicketDetail;
  whole: A;
  given: A;
  onChange(given: A): void;
}

export interface FactsProps<A extends Asked> {
  ticket: TicketDetail;
  asked: A;
  /** What is left of it. */
  given: A;
  /** Those of every kind: how long, from when. */
  common: readonly (readonly [string, ReactNode])[];
}

/** A kind is only ever given what is its own: whoever draws it looks at the ticket's kind. */
export interface KindView<A extends Asked> {
  Facts(props: FactsProps<A>): ReactNode;
  /** Absent where there is nothing that could be taken away from it but time. */
  Narrow?(props: NarrowProps<A>): ReactNode;
  /** What became of it, once it was approved; absent where the grant is all there is. */
  Given?(props: { ticket: TicketDetail }): ReactNode;
  /** All of it is approved, or nothing: it has not even a length. */
  isWhole?: true;
  /** Is anything left that could be approved? */
  isAnything(given: A): boolean;
}

/** What people ask for. D: what its form holds. */
export interface AskableView<A extends Asked, D> extends KindView<A> {
  /** like: a request to ask for once more. assets: what was refused and is asked for now. wish: what else is known of that. */
  draftFrom(like: TicketDetail | null, assets: Requestable[], wish: Wish): D;
  /** As the hub wants it, but for the time; checked when it is sent. */
  askedOf(draft: D): object;
  /** The title, when none is written. */
  nameOf(draft: D): string;
  Fields(props: FieldsProps<D>): ReactNode;
}
