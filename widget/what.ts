// The numbers of `src/what.rs`, which says what they are for and tests that both sides count alike. The bundler puts
// each in the place of its name.

/** What the browser tells. */
export const enum Happening {
  Begin, Stamp, Session, Message, Line, Rule, Span,
  Start, Dress, Identify,
  Typed, Send, Say, Open, Close, Toggle, Edit, Save, Leave, Suggest, Retry, Agree, Decline, Sound, Erase, EraseYes, EraseNo,
  CanFind, Awake, Hidden, Listen, Locked, Leaving, Offline, Visit, Clock,
  Taken, Delta, Reply, NoReply, Ended, Answered, History, Arrived, Placed, Mode, Missed, Deafened, Erased,
  KeptElsewhere, GoneElsewhere, SessionElsewhere,
}

/** What the browser is to do. */
export const enum Act {
  Set, Line, Trim, Focus, Chime,
  Keep, KeepSession, Forget, ForgetAll,
  Lock, Send, Flush, History, Listen, Deafen, Erase,
  Wait, WaitToListen, Watch, AskTime, StayClosed, Tell,
}
