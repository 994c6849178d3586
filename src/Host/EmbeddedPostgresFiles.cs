using System.Diagnostics;
using System.Globalization;
using System.Text;
using Npgsql;
using OpenBanking.Kernel;

namespace OpenBanking.Host;

/// <summary>Where the embedded server's files are, whose they are, and how its programs are started.</summary>
internal sealed partial class EmbeddedPostgresFiles
{
    /// <summary>The connection string of the running server, for commands that are started beside Host.</summary>
    public const string ConnectionFile = "postgres/connection";
    private const string ProcessFile = "postgres.pid";

    // A socket's address has room for 107 bytes; "/.s.PGSQL.5432" takes 14 of them.
    private const int LongestSocketFolder = 107 - 14;
    private readonly DataDirectory data;
    private readonly Account? account;
    private readonly string password;

    private EmbeddedPostgresFiles(DataDirectory data, Account? account, string place, string password)
    {
        this.data = data;
        this.account = account;
        this.password = password;
        Cluster = Path.Combine(place, "cluster");
        Socket = SocketFolder(Path.Combine(place, "socket"));
    }

    public string Cluster { get; }

    public string Socket { get; }

    /// <summary>The version that made the files; null where they are not there, or were not finished.</summary>
    public int? ClusterVersion => Directory.Exists(Path.Combine(Cluster, "global"))
        && File.Exists(Path.Combine(Cluster, "global", "pg_control"))
        && File.Exists(data["postgres/made"])
        && int.TryParse(File.ReadAllText(data["postgres/made"]), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : null;

    public static EmbeddedPostgresFiles Open(DataDirectory data, ILogger log)
    {
        data.Folder("postgres");
        var other = Unix.IsRoot ? OtherAccount() : null;
        if (data.ReadSecret("postgres/password") is not { Length: > 0 } secret)
        {
            secret = Handle.New().Value;
            data.Write("postgres/password", secret);
        }

        return new EmbeddedPostgresFiles(data, other, Place(data, other, log), secret);
    }

    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = Socket,
        Port = 5432,
        Username = "openbanking",
        Password = password,
        Database = database,
        MaxPoolSize = 60,

        // Nothing leaves the machine on a Unix socket, and trying both first only takes time.
        SslMode = SslMode.Disable,
        GssEncryptionMode = GssEncryptionMode.Disable,
    }.ConnectionString;

    /// <summary>What starts a program under the server's account, in no folder of ours and with nothing of our environment.</summary>
    /// <param name="dieWithParent">Whether the kernel ends it (by an immediate shutdown, which loses nothing) when Host dies.</param>
    public ProcessStartInfo As(string program, IEnumerable<string> arguments, bool dieWithParent = false)
    {
        var words = new List<string>();
        if (SetPriv is { } setPriv)
        {
            words.Add(setPriv);
            if (account is not null) words.AddRange([$"--reuid={account.UserId}", $"--regid={account.GroupId}", "--clear-groups"]);
            if (dieWithParent) words.Add("--pdeathsig=QUIT");
            words.Add("--");
        }

        // A session of its own, so that Ctrl-C reaches Host alone and the database ends after the last request, not before.
        if (dieWithParent && File.Exists("/usr/bin/setsid")) words.Add("/usr/bin/setsid");
        words.Add(program);
        words.AddRange(arguments);
        var start = new ProcessStartInfo(words[0], words.Skip(1))
        {
            WorkingDirectory = "/",
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        var path = Environment.GetEnvironmentVariable("PATH");
        start.Environment.Clear();
        start.Environment["PATH"] = path;
        start.Environment["LC_ALL"] = "C";
        start.Environment["TZ"] = "UTC";
        return start;
    }

    public (int Exit, string Said) RunAs(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(As(program, arguments))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode == 0 && program.EndsWith("initdb", StringComparison.Ordinal))
            data.Write("postgres/made", File.ReadAllText(Path.Combine(Cluster, "PG_VERSION")).Trim());
        return (process.ExitCode, string.Concat(output.Result, said));
    }

    /// <summary>Takes away what an unfinished start has left, and makes the empty folder that initdb fills.</summary>
    public void Clear()
    {
        if (Directory.Exists(Cluster)) Directory.Delete(Cluster, recursive: true);
        MakeFolder(Cluster);
    }

    /// <summary>initdb reads the password from a file, once; it is gone before the server starts.</summary>
    public string PasswordForInitdb()
    {
        var file = Path.Combine(Socket, "password");

        // Root writes into a folder of another account here: what that has put in the file's place, such as a link, is not written through.
        File.Delete(file);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using (var stream = new FileStream(file, options)) stream.Write(Encoding.ASCII.GetBytes(password));
        if (account is not null) Unix.GiveTo(file, account.UserId, account.GroupId);
        return file;
    }

    public void DropPasswordForInitdb() => File.Delete(Path.Combine(Socket, "password"));

    public void NoteProcess(int id)
    {
        data.Write(ProcessFile, id.ToString(CultureInfo.InvariantCulture));
        data.Write(ConnectionFile, ConnectionString("openbanking"));
    }

    /// <summary>Nothing runs any more.</summary>
    public void Forget()
    {
        data.Delete(ProcessFile);
        data.Delete(ConnectionFile);
        if (data.Read("postgres/socket-folder") != Socket) return;
        Directory.Delete(Socket, recursive: true);
        data.Delete("postgres/socket-folder");
    }

    private string SocketFolder(string wanted)
    {
        // What an earlier start has left in /tmp.
        if (data.Read("postgres/socket-folder") is { Length: > 0 } old)
        {
            if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
            data.Delete("postgres/socket-folder");
        }

        if (Encoding.UTF8.GetByteCount(wanted) <= LongestSocketFolder)
        {
            MakeFolder(wanted);
            return wanted;
        }

        // The data directory's name is too long for a socket. A fresh name that nobody can have taken before.
        var folder = $"/tmp/openbanking-{Handle.New()}";
        data.Write("postgres/socket-folder", folder);
        MakeFolder(folder);
        return folder;
    }

    private void MakeFolder(string folder)
    {
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (account is not null) Unix.GiveTo(folder, account.UserId, account.GroupId);
    }

    /// <summary>PostgreSQL does not run as root.</summary>
    private static Account OtherAccount()
    {
        if (SetPriv is null)
            throw new SettingsException("Host runs as root, and PostgreSQL must not: start Host as another user, or install setpriv (util-linux).");
        return Account.Find("postgres") ?? Account.Find("nobody")
            ?? throw new SettingsException("Host runs as root, and there is no account 'postgres' or 'nobody' for the embedded PostgreSQL.");
    }

    private static string? SetPriv { get; } = ((string[])["/usr/bin/setpriv", "/bin/setpriv"]).FirstOrDefault(File.Exists);

    /// <summary>
    /// The folder of cluster and socket: inside the data directory wherever the server's account can get there. Under somebody's
    /// private home it cannot; then they are kept beside, under a random name that the data directory remembers.
    /// </summary>
    private static string Place(DataDirectory data, Account? account, ILogger log)
    {
        var inside = data["postgres"];
        if (account is null) return inside;
        DataDirectory.LetPass(data.Path, account);
        DataDirectory.LetPass(inside, account);
        if (CanReach(inside, account)) return inside;

        // A data directory that was copied must not share the files of the one it was copied from.
        if (data.Read("postgres/place") is { Length: > 0 } known && Directory.Exists(known)
            && File.Exists(Path.Combine(known, "of")) && File.ReadAllText(Path.Combine(known, "of")) == data.Path)
        {
            return known;
        }

        var place = $"/var/tmp/openbanking-{Handle.New()}";
        Directory.CreateDirectory(place, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        DataDirectory.LetPass(place, account);
        File.WriteAllText(Path.Combine(place, "of"), data.Path);
        data.Delete("postgres/made");
        data.Write("postgres/place", place);
        Log.KeptBeside(log, account.Name, place);
        return place;
    }

    private static bool CanReach(string folder, Account account)
    {
        var ask = new ProcessStartInfo(SetPriv!, [$"--reuid={account.UserId}", $"--regid={account.GroupId}", "--clear-groups", "--", "/bin/sh", "-c", "cd \"$0\"", folder])
        {
            WorkingDirectory = "/",
            UseShellExecute = false,
            RedirectStandardError = true,
        };
        using var process = Process.Start(ask)!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The account {Account} cannot reach the data directory; the embedded PostgreSQL keeps its files in {Place}")]
        public static partial void KeptBeside(ILogger logger, string account, string place);
    }
}
