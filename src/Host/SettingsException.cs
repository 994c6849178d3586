namespace OpenBanking.Host;

/// <summary>
/// What keeps Host from starting and can be put right by whoever starts it: one sentence that names the setting, shown without a
/// stack trace, exit code 1.
/// </summary>
internal sealed class SettingsException(string sentence) : Exception(sentence);
