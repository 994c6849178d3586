using System.Diagnostics.CodeAnalysis;

namespace OpenBanking.Kernel;

/// <summary>What a step yields: a value, or the reason why not. The compiler makes the caller look.</summary>
public readonly struct Outcome<T, TFailure>
    where T : class
    where TFailure : class
{
    private readonly T? value;
    private readonly TFailure? failure;

    private Outcome(T? value, TFailure? failure)
    {
        this.value = value;
        this.failure = failure;
    }

    public static implicit operator Outcome<T, TFailure>(T value) => new(value, null);

    public static implicit operator Outcome<T, TFailure>(TFailure failure) => new(null, failure);

    /// <summary>Whether the step failed; exactly one of the two is there afterwards.</summary>
    public bool Failed([NotNullWhen(true)] out TFailure? failure, [NotNullWhen(false)] out T? value)
    {
        failure = this.failure;
        value = this.value;
        if (failure is null && value is null) throw new InvalidOperationException("An outcome was read that no step has given.");
        return failure is not null;
    }
}
