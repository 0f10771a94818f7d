-- What a host of schema 2 left behind, in the middle of things; of the components only a byte.
PRAGMA foreign_keys = OFF;
BEGIN TRANSACTION;
CREATE TABLE completion (
    no INTEGER PRIMARY KEY,
    conversation TEXT NOT NULL UNIQUE,
    flow TEXT NOT NULL,
    completion TEXT NOT NULL
) STRICT;
CREATE TABLE component (
    digest TEXT PRIMARY KEY,
    held INTEGER NOT NULL  -- when it was last current or held by a conversation, where it is neither
) STRICT, WITHOUT ROWID;
INSERT INTO "component" VALUES('180b3b3e12387363b70107997d006c80c5a6220f407e451d071580565217a39e',1795312610880);
INSERT INTO "component" VALUES('2207889bd7f1f44c68552cde2bf7642a700da2c93255bf9daf6224527cdc9b15',1795312612098);
INSERT INTO "component" VALUES('cede9e8469cc0ca2cd0be62eba46850e87c07af76047000354693fcd0aa730b9',1795312610300);
CREATE TABLE component_bytes (
    digest TEXT PRIMARY KEY REFERENCES component ON DELETE CASCADE,
    bytes BLOB NOT NULL
) STRICT;
INSERT INTO "component_bytes" VALUES('cede9e8469cc0ca2cd0be62eba46850e87c07af76047000354693fcd0aa730b9',X'00');
INSERT INTO "component_bytes" VALUES('180b3b3e12387363b70107997d006c80c5a6220f407e451d071580565217a39e',X'00');
INSERT INTO "component_bytes" VALUES('2207889bd7f1f44c68552cde2bf7642a700da2c93255bf9daf6224527cdc9b15',X'00');
CREATE TABLE conversation (
    place INTEGER PRIMARY KEY REFERENCES place,
    generation INTEGER NOT NULL,
    flow TEXT NOT NULL,
    digest TEXT NOT NULL,
    person TEXT NOT NULL,  -- who began it
    rest TEXT NOT NULL,
    state BLOB NOT NULL
) STRICT;
INSERT INTO "conversation" VALUES(1,1,'onboarding-survey','2207889bd7f1f44c68552cde2bf7642a700da2c93255bf9daf6224527cdc9b15','{"id":"U0000000005","name":"ann","locale":"en-US","time_zone":"Europe/Berlin"}','{"literal_next":false,"questions":[],"switch_to":null,"timers":{"survey/reminder":1795399012142},"began":{"at":1795312612142,"sent":999999999999999999,"by":"U0000000005"}}',X'7B22616E7377657273223A7B7D2C226174223A7B225175657374696F6E223A7B226964223A226E616D65222C226368616E67696E67223A66616C73657D7D2C226D6973736573223A307D');
INSERT INTO "conversation" VALUES(2,1,'feedback','180b3b3e12387363b70107997d006c80c5a6220f407e451d071580565217a39e','{"id":"U0000000007","name":"bob","locale":"en-US","time_zone":"Europe/Berlin"}','{"literal_next":false,"questions":[{"message":"T0000000001/U0000000007@1/m0","key":"feedback","asks":{"Form":{"title":"Feedback","submit":"Send","fields":[{"key":"score","label":"How was it?","hint":null,"required":true,"kind":{"OneOf":[{"value":"1","label":"1 (poor)"},{"value":"2","label":"2"},{"value":"3","label":"3"},{"value":"4","label":"4"},{"value":"5","label":"5 (great)"}]}},{"key":"why","label":"What should stay, what should change?","hint":null,"required":false,"kind":{"Text":{"multiline":true,"least":3,"most":1000}}},{"key":"day","label":"When was it?","hint":null,"required":true,"kind":{"Date":{"least":null,"most":"2026-11-23"}}},{"key":"contact","label":"May we come back to you?","hint":null,"required":true,"kind":{"OneOf":[{"value":"yes","label":"Yes"},{"value":"no","label":"No"}]}}]}}}],"switch_to":null,"timers":{},"began":{"at":1795312615359,"sent":1795312615356692,"by":"U0000000007"}}',X'6E756C6C');
CREATE TABLE current (
    flow TEXT PRIMARY KEY,
    digest TEXT NOT NULL REFERENCES component
) STRICT, WITHOUT ROWID;
INSERT INTO "current" VALUES('ask','cede9e8469cc0ca2cd0be62eba46850e87c07af76047000354693fcd0aa730b9');
INSERT INTO "current" VALUES('feedback','180b3b3e12387363b70107997d006c80c5a6220f407e451d071580565217a39e');
INSERT INTO "current" VALUES('onboarding-survey','2207889bd7f1f44c68552cde2bf7642a700da2c93255bf9daf6224527cdc9b15');
CREATE TABLE dead (no INTEGER PRIMARY KEY AUTOINCREMENT, letter TEXT NOT NULL) STRICT;
CREATE TABLE exchange (
    place INTEGER NOT NULL REFERENCES conversation,
    no INTEGER NOT NULL,
    exchange TEXT NOT NULL,
    PRIMARY KEY (place, no)
) STRICT, WITHOUT ROWID;
INSERT INTO "exchange" VALUES(1,1,'{"said":"","answered":"Welcome, ann! About ten short questions, so that everything is ready on your first day.\n(`back` returns to the question before; `cancel` ends it all.)\n\nWhat should we call you?","at":1795312612142}');
INSERT INTO "exchange" VALUES(2,1,'{"said":"","answered":"Please tell us how it was. It takes a minute.","at":1795312615359}');
CREATE TABLE inbox (
    place INTEGER NOT NULL REFERENCES place,
    sent INTEGER NOT NULL,  -- microseconds: the order among what waits
    number INTEGER NOT NULL,
    step INTEGER NOT NULL,
    hold INTEGER NOT NULL,  -- it is not claimed before
    inbound TEXT NOT NULL,
    PRIMARY KEY (place, sent, number, step)
) STRICT, WITHOUT ROWID;
INSERT INTO "inbox" VALUES(2,0,2,0,1795312617367,'{"id":"slack/T0000000001/D0000000008/0.0","place":"T0000000001/U0000000007","person":{"id":"U0000000007","name":"bob","locale":"en-US","time_zone":"Europe/Berlin"},"at":1795312616367,"sent":0,"body":{"Said":{"text":"status","files":[]}}}');
CREATE TABLE journal (
    place INTEGER NOT NULL REFERENCES place,
    call INTEGER NOT NULL,
    part INTEGER NOT NULL,
    name TEXT,
    at INTEGER,
    text TEXT NOT NULL,
    PRIMARY KEY (place, call, part)
) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
    place INTEGER NOT NULL REFERENCES place,
    no INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    attempt INTEGER NOT NULL DEFAULT 0,
    in_doubt INTEGER NOT NULL DEFAULT 0,
    sending INTEGER NOT NULL DEFAULT 0,  -- 2: somebody came while it was being sent
    due INTEGER,                         -- it can be taken then: the first message of a place, or a closing one
    choices INTEGER NOT NULL,
    closes TEXT,                         -- the message whose choices it takes away; such a row stands in no order
    message TEXT NOT NULL,
    PRIMARY KEY (place, no)
) STRICT, WITHOUT ROWID;
INSERT INTO "outbox" VALUES(2,1,'slack/T0000000001/D0000000008/000000000000.0/a0',1,0,0,1795312617416,0,NULL,'{"id":"slack/T0000000001/D0000000008/000000000000.0/a0","place":"T0000000001/U0000000007","generation":0,"key":"host","text":"We are in the middle of feedback. I am working on your message.","choices":null}');
INSERT INTO "outbox" VALUES(2,2,'slack/T0000000001/D0000000008/1795312616.374238/a0',0,0,0,NULL,0,NULL,'{"id":"slack/T0000000001/D0000000008/1795312616.374238/a0","place":"T0000000001/U0000000007","generation":0,"key":"host","text":"We are in the middle of feedback. I am working on your message.","choices":null}');
CREATE TABLE place (
    no INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    epoch INTEGER NOT NULL DEFAULT 0,
    last INTEGER NOT NULL DEFAULT 0,        -- the number of the latest event
    generation INTEGER NOT NULL DEFAULT 0,  -- of the latest conversation
    attempt INTEGER NOT NULL DEFAULT 0,     -- of the current event
    claimed INTEGER NOT NULL DEFAULT 0,
    ready INTEGER,                          -- an event can be claimed: a hold, a backoff or a lease ends
    tick INTEGER,                           -- decides between equals
    current_sent INTEGER,                   -- the event that was claimed first and is not committed
    current_number INTEGER,
    current_step INTEGER,
    pin TEXT                                -- set if and only if there is a journal
) STRICT;
INSERT INTO "place" VALUES(1,'T0000000001/U0000000005',1,1,1,0,0,NULL,NULL,999999999999999999,NULL,0,NULL);
INSERT INTO "place" VALUES(2,'T0000000001/U0000000007',1,2,1,0,0,1795312617367,3,1795312615356692,NULL,0,NULL);
CREATE TABLE posted (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    receipt TEXT NOT NULL,
    message TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "posted" VALUES('T0000000001/U0000000007@1/m0',1795312616366,'D0000000008/1795312616.365473','{"id":"T0000000001/U0000000007@1/m0","place":"T0000000001/U0000000007","generation":1,"key":"feedback","text":"Please tell us how it was. It takes a minute.","choices":null,"form":{"title":"Feedback","submit":"Send","fields":[{"key":"score","label":"How was it?","hint":null,"required":true,"kind":{"OneOf":[{"value":"1","label":"1 (poor)"},{"value":"2","label":"2"},{"value":"3","label":"3"},{"value":"4","label":"4"},{"value":"5","label":"5 (great)"}]}},{"key":"why","label":"What should stay, what should change?","hint":null,"required":false,"kind":{"Text":{"multiline":true,"least":3,"most":1000}}},{"key":"day","label":"When was it?","hint":null,"required":true,"kind":{"Date":{"least":null,"most":"2026-11-23"}}},{"key":"contact","label":"May we come back to you?","hint":null,"required":true,"kind":{"OneOf":[{"value":"yes","label":"Yes"},{"value":"no","label":"No"}]}}]}}');
CREATE TABLE schema (version INTEGER NOT NULL) STRICT;
INSERT INTO "schema" VALUES(2);
CREATE TABLE seen (id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO "seen" VALUES('slack/T0000000001/D0000000006/1795312612.350681',1795312612352);
INSERT INTO "seen" VALUES('slack/T0000000001/D0000000006/999999999999.999999',1795312612149);
INSERT INTO "seen" VALUES('slack/T0000000001/D0000000008/0.0',1795312616368);
INSERT INTO "seen" VALUES('slack/T0000000001/D0000000008/000000000000.0',1795312616369);
INSERT INTO "seen" VALUES('slack/T0000000001/D0000000008/1795312615.356692',1795312615359);
INSERT INTO "seen" VALUES('slack/T0000000001/D0000000008/1795312616.374238',1795312616389);
CREATE TABLE timer (
    place INTEGER NOT NULL REFERENCES conversation,
    name TEXT NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (place, name)
) STRICT, WITHOUT ROWID;
INSERT INTO "timer" VALUES(1,'survey/reminder',1795399012142);
CREATE INDEX place_ready ON place (ready, tick) WHERE ready IS NOT NULL;
CREATE INDEX conversation_version ON conversation (digest, flow);
CREATE INDEX timer_due ON timer (due);
CREATE INDEX outbox_due ON outbox (due) WHERE due IS NOT NULL;
CREATE INDEX outbox_closes ON outbox (closes) WHERE closes IS NOT NULL;
CREATE INDEX posted_at ON posted (at);
CREATE INDEX completion_flow ON completion (flow, no);
COMMIT;
