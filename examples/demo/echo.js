"use strict";

// What a session does that doesn't come from the page: every message is sent back.

function echo(session) {
  session.on("message-utf8", (text) => {
    console.log(`${session.id} says: ${text}`);
    session.SendUTF8(text);
  });
  session.on("message-binary", (data) => {
    console.log(`${session.id} sends ${data.length} bytes`);
    session.SendBinary(data);
  });
}

module.exports = { echo };
