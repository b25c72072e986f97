//! What is told of programs, one form at a time.

use super::super::facts::Position;
use super::super::helpers::Parameter;
use super::*;

fn facts(text: &str) -> SourceFile {
    scan(text, Path::new("/app/a.js")).expect("parses")
}

fn touches(file: &SourceFile, name: &str) -> Vec<(TouchKind, u32, Option<String>)> {
    let variable = file.variables.iter().find(|v| v.name == name).expect(name);
    variable.touches.iter().map(|t| (t.kind, t.at.line, t.method.clone())).collect()
}

#[test]
fn growth_of_a_collection_is_an_adding_call_or_an_indexed_assignment() {
    let file = facts(
        "const seen = new Map();\nconst all = {};\nfunction hit(k) {\n  seen.set(k, 1);\n  all[k] = 1;\n  seen.get(k);\n}\n",
    );
    let method = |name: &str| Some(name.to_owned());
    assert_eq!(
        touches(&file, "seen"),
        [(TouchKind::Adds, 4, method("set")), (TouchKind::Calls, 6, method("get"))]
    );
    assert_eq!(touches(&file, "all"), [(TouchKind::Adds, 5, None)]);
    assert_eq!(
        file.variables.iter().find(|v| v.name == "seen").unwrap().declared,
        Position { line: 1, column: 7 }
    );
}

#[test]
fn properties_are_followed_and_indexed_by_name() {
    let file = facts(
        "class Store {\n  #items = [];\n  add(x) { this.#items.push(x); this.index.byId[x.id] = x; }\n}\n",
    );
    let lines = |name: &str| file.properties[name].iter().map(|t| (t.kind, t.at.line)).collect::<Vec<_>>();
    assert_eq!(lines("#items"), [(TouchKind::Adds, 3)]);
    assert_eq!(lines("byId"), [(TouchKind::Adds, 3)]);
    assert_eq!(lines("index"), [(TouchKind::Adds, 3)]);
}

#[test]
fn what_is_done_to_an_entry_is_done_to_what_the_collection_holds() {
    let file = facts(
        "const rooms = new Map();\nfunction join(id, who) {\n  const room = rooms.get(id) ?? new Map();\n  rooms.set(id, room);\n  room.set(who, 1);\n}\nclass A {\n  #lists = {};\n  add(k, v) { const list = (this.#lists[k] ??= []); list.push(v); this.byKey.get(k).push(v); }\n}\n",
    );
    let told = |touches: &[Touch]| {
        let adds = touches.iter().filter(|touch| touch.kind == TouchKind::Adds);
        adds.map(|touch| (touch.at.line, touch.is_of_entry())).collect::<Vec<_>>()
    };
    let rooms = file.variables.iter().find(|variable| variable.name == "rooms").unwrap();
    assert_eq!(told(&rooms.touches), [(4, false), (5, true)]);
    assert_eq!(told(&file.properties["#lists"]), [(9, false), (9, true)]);
    assert_eq!(told(&file.properties["byKey"]), [(9, true)]);
}

#[test]
fn what_gets_more_than_it_had_is_added_to() {
    let file = facts(
        "function reduce(state, action) {\n  return { ...state, last: [state.last],\n    past: [...state.past, action],\n    byId: { ...state.byId, [action.id]: action } };\n}\n",
    );
    let adds = |name: &str| {
        let touches = file.properties[name].iter();
        touches.map(|touch| (touch.kind == TouchKind::Adds, touch.at.line)).collect::<Vec<_>>()
    };
    assert_eq!(
        [adds("last"), adds("past"), adds("byId")],
        [vec![(false, 2)], vec![(true, 3)], vec![(true, 4)]]
    );
}

#[test]
fn a_property_whose_name_is_a_symbol_is_called_after_that() {
    let file = facts(
        "const kAll = Symbol.for('app.all');\nclass Store {\n  add(k) { globalThis[kAll].push(k); this[Symbol('own')][k] = 1; this[k] = 2; }\n}\n",
    );
    let lines = |name: &str| file.properties[name].iter().map(|t| (t.kind, t.at.line)).collect::<Vec<_>>();
    assert_eq!(lines("Symbol(app.all)"), [(TouchKind::Adds, 3)]);
    assert_eq!(lines("Symbol(own)"), [(TouchKind::Adds, 3)]);
    assert!(!file.properties.contains_key("k"), "a key that may be anything names no property");
}

#[test]
fn a_name_that_nothing_declares_is_a_property_of_the_global_object() {
    let file = facts("global.failed = {};\nfunction f(id, error) {\n  failed[id] = error;\n}\n");
    let touches = file.properties["failed"].iter().map(|touch| (touch.kind, touch.at.line));
    assert_eq!(touches.collect::<Vec<_>>(), [(TouchKind::Assigns, 1), (TouchKind::Adds, 3)]);
}

#[test]
fn a_value_inside_a_literal_argument_is_passed() {
    let file = facts("const stop = make();\nasync function f() {\n  await Promise.race([g(), stop]);\n}\n");
    assert_eq!(touches(&file, "stop"), [(TouchKind::Passes, 3, None)]);
}

#[test]
fn imports_and_what_they_make_know_their_module() {
    let file = facts(
        "const { LRU } = require('lru');\nimport x, { y } from '@s/p';\nconst cache = new LRU();\nconst own = {};\nlet q = y.make();\n",
    );
    let from = |name: &str| file.variables.iter().find(|v| v.name == name).unwrap().from.clone();
    assert_eq!(from("cache").as_deref(), Some("lru"));
    assert_eq!(from("q").as_deref(), Some("@s/p"));
    assert_eq!(from("own"), None);
    let is_imported = |name: &str| file.variables.iter().find(|v| v.name == name).unwrap().is_imported;
    assert_eq!(
        ["LRU", "x", "y", "cache", "q", "own"].map(is_imported),
        [true, true, true, false, false, false]
    );
}

#[test]
fn functions_nest_and_are_found_by_position() {
    let file = facts("function outer() {\n  return async (a) => {\n    a();\n  };\n}\n");
    let inner = file.function_at(Position { line: 3, column: 5 }).unwrap();
    assert_eq!(file.function(inner).reported_at, Position { line: 2, column: 10 });
    let outer = file.function(inner).parent.unwrap();
    assert_eq!(file.function(outer).name.as_deref(), Some("outer"));
    assert!(file.is_within(inner, outer) && !file.is_within(outer, inner));
    assert_eq!(file.function_starting_at(Position { line: 1, column: 15 }), Some(outer));
}

#[test]
fn what_is_taken_out_by_size_or_by_a_timer_is_limited_and_what_events_take_out_is_not() {
    let limits = |text: &str, name: &str| {
        let file = facts(text);
        let of_variable = file.variables.iter().filter(|v| v.name == name).flat_map(|v| &v.touches);
        let of_property = file.properties.get(name).into_iter().flatten();
        let found: Vec<Limit> = of_variable.chain(of_property).filter_map(|touch| touch.limit).collect();
        found
    };
    let by_size = [
        "function f(k, v) { c.set(k, v); if (c.size > MAX) c.delete(c.keys().next().value); }",
        "function f(v) { c.push(v); while (c.length >= 100) c.shift(); }",
        "function f(v) { c.push(v); if (c.length > 100) flush(); }\nfunction flush() { const b = c; c = []; }",
        "function f(k) { c[k] = 1; if (Object.keys(c).length === max) delete c[first()]; }",
        "function f() { const keys = Object.keys(c).sort(); if (keys.length > MAX) delete c[keys[0]]; }",
        "function f() { const n = c.size; if (n > MAX) c.clear(); }",
        "function f() { if (c.size <= MAX) return; c.delete(oldest()); }",
        "const full = () => c.size > MAX;\nfunction f() { if (full()) c.clear(); }",
        "function f(v) { c.unshift(v); c.length = Math.min(c.length, MAX); }",
        "function f(v) { c.push(v); c.splice(0, c.length - MAX); }",
        "function f(v) { c.push(v); const surplus = c.length - MAX; if (surplus > 0) c.splice(0, surplus); }",
        "function f(v) { c = [...c, v].slice(-MAX); }",
        "function f(v) { c = [v].concat(c).slice(0, 50); }",
        "function f(v) { const next = [...c, v].slice(-MAX); c = next; }",
        "function f() { do { c.delete(first()); } while (c.size > MAX); }",
        "function f(v) { c.push(v); if (c.length % 1000 === 0) compact(); }\nfunction compact() { c = [fold()]; }",
        "function f() { const { size } = c; if (size > MAX) c.delete(first()); }",
        "function f() { c.splice(0, Math.max(0, c.length - MAX)); }",
        "function f() { let excess = c.size - MAX; while (excess-- > 0) c.delete(first()); }",
        "class A { count() { return c.size; } f() { if (this.count() > MAX) c.clear(); } }",
        "function f() { c = new Map([...c].slice(-MAX)); }",
        "function f(v) { c = [v, ...c.slice(0, MAX - 1)]; }",
        "function f(v) { c = c.length < MAX ? [...c, v] : [...c.slice(1), v]; }",
        "function f(line) { c = (c + line + '\\n').slice(-MAX * 1024); }",
        "function f(line) { c = `${c}${line}`.substring(c.length - MAX); }",
        "function f(chunk) { c = Buffer.concat([c, chunk]).subarray(-MAX); }",
    ];
    for text in by_size {
        assert_eq!(limits(&format!("let c = make();\n{text}"), "c"), [Limit::Size], "{text}");
    }
    let private =
        "class A { #m = new Map(); put(k) { this.#m.set(k, 1); this.#m.size > 9 && this.#m.clear(); } }";
    assert_eq!(limits(private, "#m"), [Limit::Size]);
    let counts_itself =
        "class A { put(k) { this.m.set(k, 1); if (this.size > this.max) this.m.delete(this.tail); } }";
    assert_eq!(limits(counts_itself, "m"), [Limit::Size]);
    let getter =
        "class A { get full() { return this.m.size >= 99; } put() { if (this.full) this.m.clear(); } }";
    assert_eq!(limits(getter, "m"), [Limit::Size]);
    let by_counter = [
        "let n = 0;\nfunction f(v) { c.push(v); n += v.length; if (n > MAX) flush(); }\nfunction flush() { c = []; n = 0; }",
        "let n = 0;\nfunction f(v) { c.push(v); n += v.length; while (n > MAX) n -= c.shift().length; }",
        "let n = 0;\nfunction f(v) { c.push(v); if (++n % 100 === 0) c.splice(0, 50); }",
        "const stats = { n: 0 };\nfunction f(k) { c.set(k, 1); stats.n++; if (stats.n >= MAX) c.clear(); }",
    ];
    for text in by_counter {
        assert_eq!(limits(&format!("let c = make();\n{text}"), "c"), [Limit::Size], "{text}");
    }
    let counts_bytes = "class A { put(k) { this.m.set(k, 1); this.bytes += k.length; while (this.bytes > this.max) this.m.delete(first()); } }";
    assert_eq!(limits(counts_bytes, "m"), [Limit::Size]);
    let full = "class A { #m = []; put(v) { if (this.#n === this.max) throw new Error('full'); this.#m.push(v); this.#n++; } }";
    assert_eq!(limits(full, "#m"), [Limit::Room]);
    let refused = ["if (c.length < MAX) c.push(v);", "if (c.length >= MAX) { return; } c.push(v);"];
    for text in refused {
        let text = format!("let c = make();\nfunction f(v) {{ {text} }}");
        assert_eq!(limits(&text, "c"), [Limit::Room], "{text}");
    }
    let by_timer = [
        "setInterval(() => { for (const [k, t] of c) if (t < Date.now()) c.delete(k); }, 1000);",
        "function sweep() { c.clear(); }\nsetInterval(sweep, 1000).unref();",
        "function put(k) { c.set(k, 1); setTimeout(() => c.delete(k), 30000); }",
        "async function loop() { while (!stopped) { await setTimeout(1000); c = []; } }",
        "const sleep = (ms) => new Promise((r) => setTimeout(r, ms));\nasync function loop() { for (;;) { await sleep(1000); c.clear(); } }",
        "import { setTimeout as wait } from 'node:timers/promises';\nasync function loop() { for (;;) { await wait(9); c.clear(); } }",
        "const { setTimeout: wait } = require('timers/promises');\nasync function loop() { while (true) { await wait(9); c = []; } }",
        "const wait = promisify(setTimeout);\nasync function loop() { while (true) { await wait(9); c = []; } }",
        "async function loop() { for await (const _ of setInterval(1000)) c.clear(); }",
        "setInterval(wrapped(function* () { for (const k in c) yield drop(k); }), 1000);\nfunction drop(k) { delete c[k]; }",
    ];
    for text in by_timer {
        assert_eq!(limits(&format!("let c = make();\n{text}"), "c"), [Limit::Timer], "{text}");
    }
    let turned_over = "class A { #c = []; constructor() { setInterval(() => this.flush(), 9); } async flush() { const b = this.#c; this.#c = []; for (const j of b) { try { await send(j); } catch { this.#c.push(j); } } } }";
    assert_eq!(limits(turned_over, "#c"), [Limit::Turnover]);
    let with_an_end = turned_over.replace("this.#c.push(j);", "if (j.tries++ < MAX) this.#c.push(j);");
    assert_eq!(limits(&with_an_end, "#c"), [Limit::Timer]);
    let by_clock = [
        "let sent = Date.now();\nfunction f(v) { c.push(v); if (Date.now() - sent > PERIOD) flush(); }\nfunction flush() { c = []; sent = Date.now(); }",
        "let hour = hourOf(new Date());\nfunction f(k) { const now = hourOf(new Date()); if (now !== hour) { c.clear(); hour = now; } c.add(k); }",
    ];
    for text in by_clock {
        assert_eq!(limits(&format!("let c = make();\n{text}"), "c"), [Limit::Clock], "{text}");
    }
    let by_its_own_clock = "class A { #c = []; #at = performance.now(); f() { if (this.#at + 9 < performance.now()) { this.#c.splice(0); this.#at = performance.now(); } } }";
    assert_eq!(limits(by_its_own_clock, "#c"), [Limit::Clock]);
    let around = [
        "let at = 0;\nfunction f(v) { c[at] = v; at = (at + 1) % SIZE; }",
        "let at = 0;\nfunction f(v) { c[at++ % 100] = v; }",
    ];
    for text in around {
        assert_eq!(limits(&format!("let c = make();\n{text}"), "c"), [Limit::Room], "{text}");
    }
    let chain = "let first = null, n = 0;\nfunction f(v) { n++; if (n > MAX) { first = first.next; n--; } }";
    assert_eq!(limits(chain, "next"), [Limit::Size]);
    assert_eq!(limits(chain, "first"), [Limit::Size]);
    let kept_state =
        "const reduce = (state, action) => ({ ...state, past: [...state.past, action].slice(-MAX) });";
    assert_eq!(limits(kept_state, "past"), [Limit::Size]);
    let over_two_calls = "class A { put(k) { this.n++; while (this.n > this.max) this.drop(); } drop() { this.unlink(); this.n--; } unlink() { this.last = null; } }";
    assert_eq!(limits(over_two_calls, "last"), [Limit::Size]);
    let by_comparison = [
        "function f() { for (const [k, t] of c) if (t < Date.now()) c.delete(k); }",
        "function f() { for (const k of Object.keys(c)) { if (c[k].until > now()) continue; delete c[k]; } }",
        "function f() { for (const k in c) if (c[k] < now()) delete c[k]; }",
        "function f() { c.forEach((t, k) => { if (t < Date.now()) c.delete(k); }); }",
        "function f() { const now = Date.now(); while (c.length && now - c[0].at > WINDOW) c.shift(); }",
        "function f() { c = c.filter((hit) => hit.at > since()); }",
        "function f() { c = Object.fromEntries(Object.entries(c).filter(([, s]) => s.until > now())); }",
        "function f() { c = new Map([...c].filter(([, s]) => s.until > now())); }",
        "function f() { let i = 0; while (i < c.length && c[i].at < cutoff) i++; c.splice(0, i); }",
        "function f() { const old = c.findIndex((hit) => hit.at > cutoff); c.splice(0, old); }",
        "function f() { Object.keys(c).filter((k) => c[k].until < now()).forEach((k) => delete c[k]); }",
        "function f() { const dead = [...c.keys()].filter((k) => c.get(k).until < now()); for (const k of dead) c.delete(k); }",
        "function f() { const dead = []; for (const [k, v] of c) if (v.until < now()) dead.push(k); dead.forEach((k) => c.delete(k)); }",
        "function f() { for (let i = c.length - 1; i >= 0; i--) if (c[i].until < now()) c.splice(i, 1); }",
        "function f() { for (let i = 0; i < c.length; i++) { const e = c[i]; if (e.until < now()) c.splice(i--, 1); } }",
        "const isFresh = (e) => e.until > now();\nfunction f() { c = c.filter(isFresh); }",
        "function isOld(e, now) { return e.until <= now; }\nfunction f() { for (const [k, e] of c) if (isOld(e, now())) c.delete(k); }",
        "class E { expired() { return this.until < now(); } }\nfunction f() { for (const [k, e] of c) { if (e.expired()) c.delete(k); } }",
    ];
    for text in by_comparison {
        assert_eq!(limits(&format!("let c = make();\n{text}"), "c"), [Limit::Each], "{text}");
    }
    let of_an_entry = [
        ("function f(k, v) { c[k].push(v); if (c[k].length > 50) c[k].shift(); }", Limit::Size),
        ("function f(k) { if (c.get(k).size > MAX) c.get(k).clear(); }", Limit::Size),
        ("setInterval(() => { at = (at + 1) % 60; c[at] = new Set(); }, 1000);", Limit::Timer),
        ("setInterval(() => c[at()].clear(), 1000);", Limit::Timer),
        ("setInterval(() => { for (const [, part] of c) part.clear(); }, 1000);", Limit::Timer),
        ("setInterval(() => { for (const part of c.values()) part.clear(); }, 1000);", Limit::Timer),
        (
            "function f(k) { const recent = (c[k] ?? []).filter((t) => t > since()); recent.push(now()); c[k] = recent; }",
            Limit::Each,
        ),
        (
            "function f(k) { const recent = (c.get(k) || []).filter((t) => t > since()); c.set(k, recent); }",
            Limit::Each,
        ),
    ];
    for (text, limit) in of_an_entry {
        let file = facts(&format!("let c = make();\n{text}"));
        let touches = file.variables.iter().filter(|v| v.name == "c").flat_map(|v| &v.touches);
        let found: Vec<_> = touches.filter_map(|touch| Some((touch.limit?, touch.is_of_entry()))).collect();
        assert_eq!(found, [(limit, true)], "{text}");
    }
    let unlimited = [
        "function f(k) { if (k.length > 9) c[k] = []; }",
        "let n = 0;\nfunction f(v) { if (n++ % 100 === 0) c.push(v); }",
        "let n = 0;\nfunction f(v) { if (++n > 5) c.push(v); }",
        "function f(k, e) { e.tries++; if (e.tries > 3) c.delete(k); }",
        "function f(job) { for (const one of c) if (one.id === job.id) c.delete(one); }",
        "function f(job) { c = c.filter((one) => one !== job); }",
        "function f() { for (const one of others) if (one.at < now()) c.delete(one.id); }",
        "function f() { let i = 0; while (i < c.length) if (c[i].done) c.splice(i, 1); else i++; }",
        "function f(id, res) { c.set(id, 1); res.on('finish', () => c.delete(id)); }",
        "function f(v) { c.push(v); while (c.length > 0) c.shift(); }",
        "function f(v) { c.push(v); if (other.size > 100) c.pop(); }",
        "function f(v) { if (c.length > 100) warn(); c.push(v); }",
        "function f(k) { const hits = c.get(k); if (hits.length > 9) c.delete(k); }",
        "function get(k) { if (c.get(k).until < Date.now()) c.delete(k); }",
        "let seen = 0;\nfunction get(k) { if (Date.now() - seen > 9) c.delete(k); seen = Date.now(); }",
        "let key;\nfunction f(k) { if (k !== key) { c = []; key = k; } }",
        "let at = 0;\nfunction f(v) { c[at].add(v); at = (at + 1) % 60; }",
        "function f() { c = c.slice(1); }",
        "function f(v) { c = new Map([...c, [v, 1]]); }",
        "function f(v) { c = [...c, ...v.slice(-5)]; }",
        "function f(job) { for (let i = 0; i < c.length; i++) if (c[i].id === job.id) c.splice(i, 1); }",
        "function f() { const dead = []; for (const e of c) if (e.done) dead.push(e); dead.forEach((e) => c.delete(e)); }",
        "function f() { const dead = []; for (const e of others) if (e.at < now()) dead.push(e); dead.forEach((e) => c.delete(e)); }",
        "function f() { const at = c.findIndex((e) => e.at > now()); c.splice(at, 1); }",
        "function has(k) { return c.get(k).until > now(); }\nfunction f(k) { if (has(k)) c.delete(k); }",
        "async function work() { for (;;) { const job = await queue.next(); c.delete(job.id); } }",
        "function f() { c = c.slice(0, -1); }",
        "function f(chunk) { c = Buffer.concat([c, chunk]); const n = c.indexOf(10); c = c.subarray(n + 1); }",
        "function f(line) { c = c + line.slice(-MAX); }",
        "function f(v) { c = other.slice(-MAX); }",
        "function f(v) { c[c.length] = v; c.length = kept; }",
        "function f(k, v) { c[k] = v; first = c.next; }",
    ];
    for text in unlimited {
        assert_eq!(limits(&format!("let c = make();\n{text}"), "c"), [], "{text}");
    }
    let by_a_timeout_that_may_not = [
        "function poll(k) { setTimeout(() => { if (done(k)) c.delete(k); else poll(k); }, 50); }",
        "function put(k) { setTimeout(() => { k && A.remove(k); }, 50); }\nA.remove = function (k) { c.delete(k); };",
    ];
    for text in by_a_timeout_that_may_not {
        assert_eq!(limits(&format!("let c = make();\n{text}"), "c"), [Limit::Timeout], "{text}");
    }
}

#[test]
fn what_functions_do_to_what_they_are_handed_is_known_and_what_is_left_to_them() {
    let parameter = |function: &str, index| Parameter { function: function.into(), index };
    let helpers = facts(
        "exports.isFull = (list, max) => list.length >= max;\nconst isEmpty = (list) => list.length === 0;\nfunction trim(what, cache) { while (cache.size > what.max) cache.delete(cache.keys().next().value); }\nclass A { drop(key, all) { all.delete(key); } }\n",
    );
    assert_eq!(helpers.measured, [parameter("isFull", 0)].into());
    assert_eq!(helpers.trimmed, [(parameter("trim", 1), Limit::Size)].into());
    let left_to = |text: &str| {
        let file = facts(&format!("let c = make();\n{text}"));
        let touches = file.variables.iter().filter(|v| v.name == "c").flat_map(|v| &v.touches);
        touches.flat_map(|touch| touch.left_to.clone()).collect::<Vec<_>>()
    };
    assert_eq!(left_to("function f() { trim(options, c); c.clear(); }"), [parameter("trim", 1)]);
    let asked = ["if (isFull(c)) c = [];", "if (!isFull(c)) { return; } c = [];", "isFull(c) && flush();"];
    for text in asked {
        let text = format!("function f(v) {{ {text} }}\nfunction flush() {{ c = []; }}");
        assert!(left_to(&text).contains(&parameter("isFull", 0)), "{text}");
    }
    assert_eq!(left_to("function f() { if (isFull(other)) c = []; }"), []);
}

#[test]
fn what_is_reached_by_its_name_alone_and_which_names_are_said_is_known() {
    let file = facts(
        "import { open as make } from './a.js';\nconst { find: look } = require('./b');\nfunction prune() {}\nconst sweep = () => prune();\nclass A {\n  constructor() { on('x', () => this.heard()); }\n  clear() {}\n  heard() {}\n}\nclass B extends A { flush() {} }\nconst table = { run() {} };\nexports.drop = function () {};\nmodule.exports = { sweep };\nfunction all() { return { prune, lost }; }\nhand({ given });\ndecorate(A, 'timed');\n",
    );
    let by_name = file.functions.iter().filter(|function| function.by_name);
    let names: Vec<&str> = by_name.filter_map(|function| function.name.as_deref()).collect();
    assert_eq!(names, ["prune", "sweep", "clear", "heard", "drop", "all"]);
    let said = |names: &[&str]| names.iter().filter(|name| file.mentions.contains(**name)).count();
    assert_eq!(said(&["open", "find", "prune", "heard", "given", "timed"]), 6);
    assert_eq!(said(&["sweep", "clear", "drop", "lost", "all"]), 0, "{:?}", file.mentions);
}

#[test]
fn what_a_class_takes_out_of_itself_by_size_is_known_by_the_class() {
    let file = facts(
        "class Few extends Map {\n  set(k, v) { super.set(k, v); if (this.size > this.max) this.delete(this.keys().next().value); return this; }\n  drop(k) { this.delete(k); }\n}\n",
    );
    let limits = file.own_limits["Few"].iter().map(|touch| (touch.limit, touch.at.line));
    assert_eq!(limits.collect::<Vec<_>>(), [(Some(Limit::Size), 2)]);
}

#[test]
fn what_sizes_and_counters_are_compared_with_comes_from_options_and_what_ages_are_does_not() {
    let cache = facts(
        "class Cache {\n  #max; #bytes = 0;\n  constructor({ max: m = 0, ttl, deep }) { this.#max = toNumber(m); this.ttl = ttl; for (let i = 0; i < deep; i++) this.go(); }\n  put(k, v) {\n    if (this.#max) { const room = this.#max - v.length; for (; this.#bytes > room;) this.evict(); }\n    this.#bytes += v.length;\n    if (Date.now() - v.at > this.ttl) this.evict();\n  }\n}\n",
    );
    let is_bounding = |option: &str| cache.bounding.contains(option);
    assert_eq!(["max", "ttl", "deep"].map(is_bounding), [true, false, false]);
    let by_keys = facts(
        "const MAX = key('max'), SIZE = key('size');\nlet any = key('any');\nfunction Cache(o) { this[MAX] = o.most || Infinity; any = o.any; this[any] = o.some; }\nCache.prototype.put = function (v) { this[SIZE] += v.length; this[any] += 1; trim(this); };\nconst trim = (it) => { if (it[SIZE] > it[MAX]) it.drop(); };\n",
    );
    let is_bounding = |option: &str| by_keys.bounding.contains(option);
    assert_eq!(["most", "any", "some"].map(is_bounding), [true, false, false]);
}

#[test]
fn the_finite_numbers_among_the_options_of_what_is_made_are_known() {
    let file = facts(
        "const Cache = require('cache');\nconst { memo, other } = require('memo');\nconst MAX = 1 << 10;\nconst all = { size: MAX * 2 };\nconst a = new Cache({ max: 5, ttl: ttl() });\nconst b = new Cache({ max: Infinity, size: undefined });\nclass A { x = new Cache(all); }\nconst c = memo(f, { max: Number(process.env.MAX || 500) });\nother({ n: 1 });\na.set('k', { n: 1 });\n",
    );
    let made = |made: &Made| (made.from.clone(), made.at.line, made.numbers.join(" "));
    let made: Vec<_> = file.made.iter().map(made).collect();
    let told = |from: &str, line, numbers: &str| (from.to_owned(), line, numbers.to_owned());
    assert_eq!(
        made,
        [told("cache", 5, "max"), told("cache", 6, ""), told("cache", 7, "size"), told("memo", 8, "max")]
    );
}

#[test]
fn return_at_top_level_and_broken_files_do_no_harm() {
    assert!(scan("if (x) return;\nconst a = 1;", Path::new("/a.js")).is_some());
    assert!(scan("const = = ;", Path::new("/a.js")).is_none());
}
