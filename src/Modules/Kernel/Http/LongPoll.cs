using Microsoft.AspNetCore.Http;

namespace OpenBanking.Kernel.Http;

/// <summary>How long a request waited because its sender wanted it to: that is no time that the bank took for its answer.</summary>
public static class LongPoll
{
    private static readonly object Key = new();

    public static void Waited(HttpContext http, TimeSpan time) => http.Items[Key] = time;

    public static TimeSpan TimeOf(HttpContext http) => http.Items[Key] is TimeSpan time ? time : TimeSpan.Zero;
}
