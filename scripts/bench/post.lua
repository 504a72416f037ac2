-- wrk posts one entry after the other, each a new one. The first second, and how
-- many seconds the next one is later, are given as arguments, so that runs do not
-- repeat each other's entries.
local second, step

function init(args)
  second = tonumber(args[1])
  step = tonumber(args[2])
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  second = second + step
  return wrk.format(nil, nil, nil, string.format(
    '{"track_start":"%s","track_artist":"Mazzie Star","track_album":"So Tonight That I Might See","track_title":"Fade Into You %d","track_num":1,"track_duration":295,"show_name":"Bench","log_source":1}',
    os.date("!%Y-%m-%dT%H:%M:%SZ", second), second))
end
