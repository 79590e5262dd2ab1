package etcdmember

import (
	"context"
	"log/slog"
	"maps"
	"slices"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// zapTo makes etcd, which logs with zap, log to a slog.Logger. What etcd calls fatal becomes a panic, which
// startEtcd turns into an error; zap would end the process without a word to its callers.
func zapTo(logger *slog.Logger) *zap.Logger {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return zap.New(core{logger.Handler()}, zap.WithFatalHook(zapcore.WriteThenPanic))
}

// core is a zapcore.Core on top of a slog.Handler.
type core struct{ handler slog.Handler }

var levels = map[zapcore.Level]slog.Level{
	zapcore.DebugLevel: slog.LevelDebug,
	zapcore.InfoLevel:  slog.LevelDebug, // etcd narrates every step of every start
	zapcore.WarnLevel:  slog.LevelWarn,
}

func slogLevel(l zapcore.Level) slog.Level {
	if level, ok := levels[l]; ok {
		return level
	}
	return slog.LevelError
}

func (c core) Enabled(l zapcore.Level) bool {
	return c.handler.Enabled(context.Background(), slogLevel(l))
}

func (c core) With(fields []zapcore.Field) zapcore.Core {
	return core{c.handler.WithAttrs(attrs(fields))}
}

func (c core) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return ce.AddCore(e, c)
	}
	return ce
}

func (c core) Write(e zapcore.Entry, fields []zapcore.Field) error {
	r := slog.NewRecord(e.Time, slogLevel(e.Level), e.Message, 0)
	r.AddAttrs(attrs(fields)...)
	return c.handler.Handle(context.Background(), r)
}

func (c core) Sync() error { return nil }

func attrs(fields []zapcore.Field) []slog.Attr {
	values := zapcore.NewMapObjectEncoder()
	for _, f := range fields {
		f.AddTo(values)
	}
	var all []slog.Attr
	for _, key := range slices.Sorted(maps.Keys(values.Fields)) {
		all = append(all, slog.Any(key, values.Fields[key]))
	}
	return all
}
