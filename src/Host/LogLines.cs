using System.Globalization;
using System.Text;

namespace OpenBanking.Host;

/// <summary>
/// The log as lines: one event is one line whatever is in it (OP-02), because line breaks and control characters are written as
/// escapes. The same text goes to the console and, in the sandbox, to a file.
/// </summary>
[ProviderAlias("Lines")]
internal sealed class LogLines(TextWriter writer, LogLevel atLeast, TimeProvider time, bool ownsWriter) : ILoggerProvider
{
    private readonly Lock door = new();

    /// <summary>Lines on the console.</summary>
    public static LogLines OnConsole(LogLevel atLeast) => new(Console.Error, atLeast, Server.RealTime, ownsWriter: false);

    /// <summary>Lines at the end of a file that only its owner reads.</summary>
    public static LogLines InFile(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        return new LogLines(new StreamWriter(path, new UTF8Encoding(false), options) { AutoFlush = true }, LogLevel.Trace, Server.RealTime, ownsWriter: true);
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
        if (ownsWriter) writer.Dispose();
    }

    /// <summary>Text in which nothing can end a line, move a cursor or colour a terminal.</summary>
    public static string Escape(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\u001f') && !text.AsSpan().ContainsAnyInRange('\u007f', '\u009f')
            && !text.AsSpan().ContainsAny("\u2028\u2029"))
        {
            return text;
        }

        var escaped = new StringBuilder(text.Length + 16);
        foreach (var character in text)
        {
            if (char.IsControl(character) || character is '\u2028' or '\u2029')
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            else escaped.Append(character);
        }

        return escaped.ToString();
    }

    private void Write(LogLevel level, string category, string message, Exception? exception)
    {
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {Name(level)} {category}: {Escape(message)}");
        if (exception is not null) line = $"{line} | {Escape(exception.ToString())}";
        lock (door) writer.WriteLine(line);
    }

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info ",
        LogLevel.Warning => "warn ",
        _ => "error",
    };

    private sealed class Logger(LogLines lines, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= lines.AtLeast && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) lines.Write(logLevel, category, formatter(state, exception), exception);
        }
    }

    private LogLevel AtLeast => atLeast;
}
