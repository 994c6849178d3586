// What every background job of this module is: a loop that comes again.
global using Repeatedly = OpenBanking.Kernel.Repeatedly;
