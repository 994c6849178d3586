using System.Runtime.InteropServices;

namespace OpenBanking.Host;

/// <summary>The few calls to the operating system that the framework does not offer.</summary>
internal static class Unix
{
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int KillNow = 9;

    /// <summary>Whether this process may act as other users.</summary>
    public static bool IsRoot => Environment.IsPrivilegedProcess;

    /// <summary>Sends a signal; false where there is no such process (any more) or it is not ours to signal.</summary>
    public static bool Signal(int processId, int signal) => SendSignal(processId, signal) == 0;

    /// <summary>Gives a file to a user and group, or to a group alone with <paramref name="userId"/> -1.</summary>
    public static void GiveTo(string path, int userId, int groupId)
    {
        if (ChangeOwner(path, userId, groupId) != 0)
            throw new SettingsException($"The owner of {path} cannot be changed: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int processId, int signal);

    [DllImport("libc", EntryPoint = "lchown", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ChangeOwner([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int userId, int groupId);
}

/// <summary>A user of this machine, from its own list.</summary>
internal sealed record Account(string Name, int UserId, int GroupId)
{
    public static Account? Find(string name)
    {
        if (!File.Exists("/etc/passwd")) return null;
        foreach (var line in File.ReadLines("/etc/passwd"))
        {
            var parts = line.Split(':');
            if (parts.Length > 3 && parts[0] == name && int.TryParse(parts[2], out var user) && int.TryParse(parts[3], out var group))
                return new Account(name, user, group);
        }

        return null;
    }
}
