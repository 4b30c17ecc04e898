-- The chat: conversations as trees of messages, and the generations that answer them.
-- All of it belongs to a member and goes with them; the books know requests by opaque ids only.

CREATE TABLE conversation (
  id          uuid        PRIMARY KEY,
  book        book        NOT NULL,
  customer_id uuid        NOT NULL,
  member_id   uuid        NOT NULL,
  title       text        NOT NULL CHECK (length(title) <= 200),
  -- Of the title, to be found by.
  terms       tsvector    NOT NULL DEFAULT '',
  -- The message at the end of the branch that is shown.
  leaf_id     uuid,
  model       text        NOT NULL CHECK (length(model) <= 200),
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  -- Set for temporary chats: not listed, not searched, deleted at that time.
  expires_at  timestamptz,
  FOREIGN KEY (book, customer_id) REFERENCES customer ON DELETE CASCADE,
  FOREIGN KEY (book, member_id) REFERENCES member ON DELETE CASCADE
);
CREATE INDEX conversation_by_member ON conversation (book, member_id, updated_at DESC, id);
CREATE INDEX conversation_by_expiry ON conversation (expires_at) WHERE expires_at IS NOT NULL;

-- A branch is a message with the same parent as another.
CREATE TABLE chat_message (
  id              uuid        PRIMARY KEY,
  conversation_id uuid        NOT NULL REFERENCES conversation ON DELETE CASCADE,
  parent_id       uuid        REFERENCES chat_message ON DELETE CASCADE,
  role            text        NOT NULL CHECK (role IN ('user', 'assistant')),
  status          text        NOT NULL
    CHECK (status IN ('complete', 'running', 'stopped', 'interrupted', 'cut', 'failed')),
  -- A list of parts: text, reasoning, search, source, citations, image, file, error.
  parts           jsonb       NOT NULL CHECK (jsonb_typeof(parts) = 'array'),
  -- What each generation of the message took, as its line shows it.
  takings         jsonb       NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(takings) = 'array'),
  -- Length of what is shown, to lay a long conversation out before it is read.
  chars           integer     NOT NULL CHECK (chars >= 0),
  terms           tsvector    NOT NULL DEFAULT '',
  created_at      timestamptz NOT NULL,
  CHECK (role = 'assistant' OR status = 'complete')
);
CREATE INDEX chat_message_by_conversation ON chat_message (conversation_id, id);
CREATE INDEX chat_message_by_parent ON chat_message (parent_id);
CREATE INDEX chat_message_terms ON chat_message USING gin (terms);

-- One run of a model for a message. It belongs to the server: `owner` is the number of an advisory
-- lock that the process which runs it holds for as long as it lives.
CREATE TABLE generation (
  id              uuid        PRIMARY KEY,
  conversation_id uuid        NOT NULL REFERENCES conversation ON DELETE CASCADE,
  message_id      uuid        NOT NULL REFERENCES chat_message ON DELETE CASCADE,
  member_id       uuid        NOT NULL,
  owner           integer     NOT NULL CHECK (owner > 0),
  status          text        NOT NULL
    CHECK (status IN ('running', 'complete', 'stopped', 'interrupted', 'cut', 'failed')),
  -- The request in the books; NULL until it is admitted, and for a refusal.
  request_id      uuid,
  model           text        NOT NULL,
  -- What the message held before: a continued answer is appended to.
  base_parts      jsonb       NOT NULL DEFAULT '[]',
  last_seq        integer     NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
  started_at      timestamptz NOT NULL,
  ended_at        timestamptz,
  CHECK ((status = 'running') = (ended_at IS NULL))
);
CREATE INDEX generation_running ON generation (owner) WHERE status = 'running';
CREATE INDEX generation_by_message ON generation (message_id);
-- A message is written by one generation at a time, whatever tabs and retries do.
CREATE UNIQUE INDEX generation_one_running ON generation (message_id) WHERE status = 'running';

-- What a generation brought, in order and without gaps. Never changed; forgotten a day after the end,
-- when the message holds all of it.
CREATE TABLE generation_entry (
  generation_id uuid    NOT NULL REFERENCES generation ON DELETE CASCADE,
  seq           integer NOT NULL CHECK (seq > 0),
  entry         jsonb   NOT NULL,
  PRIMARY KEY (generation_id, seq)
);

CREATE TABLE chat_feedback (
  message_id uuid        NOT NULL REFERENCES chat_message ON DELETE CASCADE,
  member_id  uuid        NOT NULL,
  rating     text        NOT NULL CHECK (rating IN ('up', 'down')),
  reason     text        CHECK (length(reason) <= 40),
  comment    text        CHECK (length(comment) <= 2000),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (message_id, member_id)
);

-- A link to a branch as it was. The token has 256 bits and is stored as a hash alone.
CREATE TABLE chat_share (
  id              uuid        PRIMARY KEY,
  token_sha256    bytea       NOT NULL UNIQUE CHECK (octet_length(token_sha256) = 32),
  conversation_id uuid        NOT NULL REFERENCES conversation ON DELETE CASCADE,
  leaf_id         uuid        NOT NULL REFERENCES chat_message ON DELETE CASCADE,
  title           text        NOT NULL,
  created_at      timestamptz NOT NULL,
  revoked_at      timestamptz
);
CREATE INDEX chat_share_by_conversation ON chat_share (conversation_id);

CREATE TABLE chat_attachment (
  id          uuid        PRIMARY KEY,
  book        book        NOT NULL,
  member_id   uuid        NOT NULL,
  name        text        NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
  kind        text        NOT NULL CHECK (kind IN ('image', 'text')),
  -- As its content says, not its name.
  media_type  text        NOT NULL,
  content     bytea       NOT NULL,
  created_at  timestamptz NOT NULL,
  -- Until a message uses it.
  expires_at  timestamptz,
  FOREIGN KEY (book, member_id) REFERENCES member ON DELETE CASCADE
);
CREATE INDEX chat_attachment_by_expiry ON chat_attachment (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE chat_settings (
  book              book    NOT NULL,
  member_id         uuid    NOT NULL,
  about             text    NOT NULL DEFAULT '' CHECK (length(about) <= 4000),
  style             text    NOT NULL DEFAULT '' CHECK (length(style) <= 4000),
  instructions_on   boolean NOT NULL DEFAULT true,
  -- A request that may take more than this is asked about first.
  ask_above         bigint  NOT NULL DEFAULT 250000000 CHECK (ask_above >= 0),
  -- Load pictures that answers name without asking each time.
  remote_images     boolean NOT NULL DEFAULT false,
  PRIMARY KEY (book, member_id),
  FOREIGN KEY (book, member_id) REFERENCES member ON DELETE CASCADE
);
