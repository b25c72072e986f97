'use strict';
const { Router } = require('express');
const { startSession, findSession, endSession } = require('../lib/sessions.js');

const router = Router();

router.post('/login', (request, response) => {
  const { user } = request.body;
  response.status(201).json({ token: startSession(user) });
});

router.get('/account', (request, response) => {
  const session = findSession(request.get('authorization'));
  if (!session) return response.status(401).json({ error: 'please log in' });
  response.json({ user: session.user, since: session.createdAt });
});

router.post('/logout', (request, response) => {
  endSession(request.get('authorization'));
  response.status(204).end();
});

module.exports = router;
