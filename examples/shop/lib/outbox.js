'use strict';

const BATCH = 25;
const PAUSE_MS = 20;

const mails = [];
let sending = false;

/** Mails wait here until the mail server takes them, a batch at a time. */
function enqueue(mail) {
  mails.push(mail);
  if (!sending) send();
}

async function send() {
  sending = true;
  while (mails.length > 0) {
    await deliver(mails.splice(0, BATCH));
  }
  sending = false;
}

function deliver() {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

module.exports = { enqueue };
