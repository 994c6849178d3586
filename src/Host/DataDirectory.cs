using System.Security.Cryptography;

namespace OpenBanking.Host;

/// <summary>
/// The folder with everything Host keeps outside the database: 0700, its files 0600 (OP-04). Whoever may read it is the bank.
/// </summary>
internal sealed class DataDirectory
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OfOthers = (UnixFileMode)0b111_111;

    public DataDirectory(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        try
        {
            MakePrivate(Path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"OPENBANKING_DATA: the folder {Path} cannot be made or used: {problem.Message}");
        }
    }

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>A folder inside, private like the whole.</summary>
    public string Folder(string name)
    {
        MakePrivate(this[name]);
        return this[name];
    }

    /// <summary>Lets another account pass through to a folder inside that it owns, without seeing what else there is.</summary>
    public static void LetPass(string folder, Account account)
    {
        Unix.GiveTo(folder, -1, account.GroupId);
        File.SetUnixFileMode(folder, Private | UnixFileMode.GroupExecute);
    }

    public string? Read(string name) => File.Exists(this[name]) ? File.ReadAllText(this[name]) : null;

    /// <summary>Reads a file that holds a secret, and refuses where others could have read it too (OP-04).</summary>
    public string? ReadSecret(string name)
    {
        RefuseLooseRights(this[name]);
        return Read(name);
    }

    public static void RefuseLooseRights(string file)
    {
        if (File.Exists(file) && (File.GetUnixFileMode(file) & OfOthers) != UnixFileMode.None)
            throw new SettingsException($"{file} holds a secret and can be read by others; set its mode to 0600.");
    }

    /// <summary>Writes a file in one step: whoever reads it sees the old or the new content, never a part.</summary>
    public void Write(string name, string content)
    {
        var temporary = this[$"{name}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}"];
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = PrivateFile };
        using (var writer = new StreamWriter(new FileStream(temporary, options))) writer.Write(content);
        File.Move(temporary, this[name], overwrite: true);
    }

    public void Delete(string name) => File.Delete(this[name]);

    private static void MakePrivate(string folder)
    {
        Directory.CreateDirectory(folder, Private);

        // An older folder may be looser than it should be; passing through (group, execute) is given by LetPass and stays.
        var mode = File.GetUnixFileMode(folder);
        if ((mode & OfOthers & ~UnixFileMode.GroupExecute) != UnixFileMode.None) File.SetUnixFileMode(folder, Private);
    }
}
