/** What can be done with a message. */
export interface MessageActions {
  readonly edit: (id: string, text: string) => void;
  readonly regenerate: (id: string, model?: string) => void;
  readonly continue: (id: string) => void;
  readonly show: (id: string) => void;
  readonly rate: (
    id: string,
    rating: 'up' | 'down' | null,
    reason?: string,
    comment?: string,
  ) => void;
  readonly loadImages: boolean;
  readonly modelName: (name: string) => string;
}
