using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace OpenBanking.Testing;

/// <summary>One refusal as the security log has it; tests ask for the <see cref="Rule"/>.</summary>
public sealed record Refusal(string Code, string Rule, string Client, string InteractionId);

/// <summary>Everything a host has logged, at the most verbose level.</summary>
public sealed class CapturedLog : ILoggerProvider
{
    private const string RefusalCategory = "OpenBanking.Refusals";
    private readonly ConcurrentQueue<string> lines = new();
    private readonly ConcurrentQueue<Refusal> refusals = new();

    /// <summary>Every refusal so far, in order.</summary>
    public IReadOnlyList<Refusal> Refusals => [.. refusals];

    /// <summary>The latest refusal; null where there was none.</summary>
    public Refusal? LastRefusal => refusals.LastOrDefault();

    /// <summary>Every line: level, category, message, structured values, exception.</summary>
    public IReadOnlyList<string> Lines => [.. lines];

    /// <summary>Everything as one text, to search for what must not be there.</summary>
    public string Text => string.Join('\n', lines);

    /// <summary>The refusal of the request with this interaction id.</summary>
    public Refusal? RefusalOf(string interactionId) => refusals.LastOrDefault(refusal => refusal.InteractionId == interactionId);

    public void Clear()
    {
        lines.Clear();
        refusals.Clear();
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Logger(CapturedLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var values = state as IReadOnlyList<KeyValuePair<string, object?>> ?? [];
            log.lines.Enqueue($"{logLevel} {category}: {formatter(state, exception)} | {string.Join(", ", values)} {exception}");
            if (category != RefusalCategory) return;
            log.refusals.Enqueue(new Refusal(Value("Code"), Value("Rule"), Value("ClientId"), Value("InteractionId")));

            string Value(string name) => values.FirstOrDefault(value => value.Key == name).Value?.ToString() ?? "";
        }
    }
}
