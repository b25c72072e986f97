'use strict';
const { randomUUID } = require('node:crypto');

class Session {
  constructor(user) {
    this.user = user;
    this.createdAt = new Date();
    this.recentlyViewed = [];
  }
}

const sessions = new Map();

/** Every log-in starts a session; only a log-out ends one. */
function startSession(user) {
  const token = randomUUID();
  sessions.set(token, new Session(user));
  return token;
}

function findSession(token) {
  return sessions.get(token);
}

function endSession(token) {
  return sessions.delete(token);
}

module.exports = { startSession, findSession, endSession };
