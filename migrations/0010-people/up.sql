-- People who sign in. The books know none of this: erasing a person leaves them whole.

-- These five are read and written by the sign-in library, under its own names for columns.
CREATE TABLE person (
  id                 uuid        PRIMARY KEY,
  name               text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  email              text        NOT NULL UNIQUE CHECK (length(email) <= 320),
  "emailVerified"    boolean     NOT NULL DEFAULT false,
  image              text,
  "createdAt"        timestamptz NOT NULL DEFAULT now(),
  "updatedAt"        timestamptz NOT NULL DEFAULT now(),
  "twoFactorEnabled" boolean     NOT NULL DEFAULT false,
  language           text        CHECK (language IN ('en', 'zh'))
);

-- The token is worth nothing alone: a cookie carries it with a signature under the master key, which
-- is no part of a backup.
CREATE TABLE person_session (
  id          uuid        PRIMARY KEY,
  "userId"    uuid        NOT NULL REFERENCES person ON DELETE CASCADE,
  token       text        NOT NULL UNIQUE,
  "expiresAt" timestamptz NOT NULL,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "updatedAt" timestamptz NOT NULL DEFAULT now(),
  "ipAddress" text,
  "userAgent" text
);
CREATE INDEX person_session_by_person ON person_session ("userId");

CREATE TABLE person_credential (
  id                      uuid        PRIMARY KEY,
  "userId"                uuid        NOT NULL REFERENCES person ON DELETE CASCADE,
  "accountId"             text        NOT NULL,
  "providerId"            text        NOT NULL,
  "accessToken"           text,
  "refreshToken"          text,
  "idToken"               text,
  "accessTokenExpiresAt"  timestamptz,
  "refreshTokenExpiresAt" timestamptz,
  scope                   text,
  -- scrypt
  password                text,
  "createdAt"             timestamptz NOT NULL DEFAULT now(),
  "updatedAt"             timestamptz NOT NULL DEFAULT now(),
  UNIQUE ("userId", "providerId")
);

CREATE TABLE person_verification (
  id          uuid        PRIMARY KEY,
  identifier  text        NOT NULL,
  value       text        NOT NULL,
  "expiresAt" timestamptz NOT NULL,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "updatedAt" timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX person_verification_by_identifier ON person_verification (identifier);

-- Secret and backup codes are encrypted under the master key.
CREATE TABLE person_two_factor (
  id                        uuid        PRIMARY KEY,
  "userId"                  uuid        NOT NULL REFERENCES person ON DELETE CASCADE,
  secret                    text        NOT NULL,
  "backupCodes"             text        NOT NULL,
  verified                  boolean     NOT NULL DEFAULT true,
  "failedVerificationCount" integer     NOT NULL DEFAULT 0,
  "lockedUntil"             timestamptz
);
CREATE INDEX person_two_factor_by_person ON person_two_factor ("userId");

-- What a person may do as an operator.
CREATE TABLE operator (
  person_id  uuid        PRIMARY KEY REFERENCES person ON DELETE CASCADE,
  role       text        NOT NULL CHECK (role IN ('owner', 'operator', 'support')),
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Who signs in as a member; a member may also be a name on keys with nobody behind it.
ALTER TABLE member ADD COLUMN person_id uuid REFERENCES person ON DELETE SET NULL;
CREATE UNIQUE INDEX member_by_person ON member (person_id) WHERE removed_at IS NULL;

-- Set-up addresses, invitations, new passwords: whoever holds the secret may use it once. Used ones
-- are deleted.
CREATE TABLE one_time_token (
  id          uuid        PRIMARY KEY,
  sha256      bytea       NOT NULL UNIQUE CHECK (octet_length(sha256) = 32),
  purpose     text        NOT NULL CHECK (purpose IN ('setup', 'operator', 'customer', 'member', 'password')),
  role        text,
  -- Of an invitation to a customer that exists.
  book        book,
  customer_id uuid,
  -- Whose password it sets.
  person_id   uuid        REFERENCES person ON DELETE CASCADE,
  -- Only for whoever has this address, where it is given.
  email       text        CHECK (length(email) <= 320),
  created_by  text        NOT NULL,
  created_at  timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  FOREIGN KEY (book, customer_id) REFERENCES customer ON DELETE CASCADE
);

-- Tries of what could be guessed, by what is tried and from where, in a window of time.
CREATE UNLOGGED TABLE attempt_count (
  key          text        PRIMARY KEY CHECK (length(key) <= 200),
  window_start timestamptz NOT NULL,
  count        integer     NOT NULL
);

CREATE TABLE installation_setting (
  name  text  PRIMARY KEY,
  value jsonb NOT NULL
);
