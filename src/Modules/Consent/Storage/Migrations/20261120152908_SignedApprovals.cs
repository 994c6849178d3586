using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Consent.Storage.Migrations
{
    /// <inheritdoc />
    public partial class SignedApprovals : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<byte[]>(
                name: "AuthenticatorData",
                schema: "consent",
                table: "evidence",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "ClientData",
                schema: "consent",
                table: "evidence",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "PublicKey",
                schema: "consent",
                table: "evidence",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "Signature",
                schema: "consent",
                table: "evidence",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "SignedNonce",
                schema: "consent",
                table: "evidence",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "SignedRequest",
                schema: "consent",
                table: "evidence",
                type: "uuid",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "AuthenticatorData",
                schema: "consent",
                table: "evidence");

            migrationBuilder.DropColumn(
                name: "ClientData",
                schema: "consent",
                table: "evidence");

            migrationBuilder.DropColumn(
                name: "PublicKey",
                schema: "consent",
                table: "evidence");

            migrationBuilder.DropColumn(
                name: "Signature",
                schema: "consent",
                table: "evidence");

            migrationBuilder.DropColumn(
                name: "SignedNonce",
                schema: "consent",
                table: "evidence");

            migrationBuilder.DropColumn(
                name: "SignedRequest",
                schema: "consent",
                table: "evidence");
        }
    }
}
